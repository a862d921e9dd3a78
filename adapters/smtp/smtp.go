// Package smtp hands mail over to a server that delivers it, a connection for
// each message. It knows which of a server's answers are about the message and
// which are about the day, and how to put up with a server that says nothing.
package smtp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"net/url"
	"sync/atomic"
	"time"

	protocol "github.com/wneessen/go-mail/smtp"

	"github.com/sajin-sns/sajin/ports/mail"
)

// Options are what the URL of a server does not say.
type Options struct {
	From    mail.Address
	Hello   string         // the name that this server greets with; localhost
	Timeout time.Duration  // for a whole message; 30 s
	Roots   *x509.CertPool // nil: those of the machine
	Now     func() time.Time
}

// Sender is a mail.Sender.
type Sender struct {
	o              Options
	host, address  string
	user, password string
	implicit       bool // TLS from the first byte on
	plain          bool // no TLS at all
	health         health

	sent, failed, refused atomic.Int64
}

var _ mail.Sender = (*Sender)(nil)

// New makes a Sender of a URL, which asks nobody:
//
//	smtp://user:password@host:587    STARTTLS, or nothing is sent
//	smtps://user:password@host:465   TLS from the beginning
//
// ?tls=none speaks without TLS, as is done with a server on this machine
// anyway; ?tls=required wants it there, too.
func New(where string, o Options) (*Sender, error) {
	u, err := url.Parse(where)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("smtp: the URL is not like smtp://user:password@host:587") // it is not repeated: it may hold a password
	}
	if err := o.From.Check(); err != nil {
		return nil, fmt.Errorf("smtp: whom mail is from: %w", err)
	}
	o.Hello = cmp.Or(o.Hello, "localhost")
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Sender{o: o, host: u.Hostname(), implicit: u.Scheme == "smtps", user: u.User.Username(), health: newHealth()}
	s.password, _ = u.User.Password()
	port := "587"
	if s.implicit {
		port = "465"
	}
	s.address = net.JoinHostPort(s.host, cmp.Or(u.Port(), port))
	switch policy := u.Query().Get("tls"); {
	case policy == "none" && !s.implicit:
		s.plain = true
	case policy == "":
		s.plain = !s.implicit && loopback(s.host)
	case policy != "required":
		return nil, errors.New("smtp: tls must be required, or none with smtp://")
	}
	return s, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Stats counts what became of messages since the start.
type Stats struct{ Sent, Failed, Refused int64 }

// Stats counts what became of messages since the start: failed ones are sent
// again, and count each time.
func (s *Sender) Stats() Stats {
	return Stats{Sent: s.sent.Load(), Failed: s.failed.Load(), Refused: s.refused.Load()}
}

// Send implements mail.Sender.
func (s *Sender) Send(ctx context.Context, m mail.Message) error {
	err := s.send(ctx, m)
	switch _, refused := errors.AsType[*mail.Refused](err); {
	case err == nil:
		s.sent.Add(1)
	case refused:
		s.refused.Add(1)
	default:
		s.failed.Add(1)
	}
	return err
}

func (s *Sender) send(ctx context.Context, m mail.Message) error {
	raw, err := m.Compose(s.o.From)
	if err != nil {
		return err
	}
	ctx, cancel := s.limited(ctx)
	defer cancel()
	c, hangUp, err := s.call(ctx)
	if err != nil {
		return err
	}
	defer hangUp()
	if ok, _ := c.Extension("SMTPUTF8"); !ok && !m.To.ASCII() {
		return &mail.Refused{Err: errors.New("the mail server takes no addresses in other scripts")}
	}
	c.SkipSMTPUTF8(m.To.ASCII())
	if err := c.Mail("<" + s.o.From.Address + ">"); err != nil {
		return said(ctx, "MAIL", err)
	}
	if err := c.Rcpt("<" + m.To.Address + ">"); err != nil {
		return judged(ctx, "RCPT", err)
	}
	w, err := c.Data()
	if err != nil {
		return judged(ctx, "DATA", err)
	}
	if _, err := w.Write(raw); err != nil {
		return said(ctx, "message", err)
	}
	if err := w.Close(); err != nil {
		return judged(ctx, "message", err)
	}
	return nil
}

// said is an error of the conversation: another day may be better.
func said(ctx context.Context, at string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return fmt.Errorf("smtp: %s: %w", at, err)
}

// judged is an answer that is about the message, if the server refuses for good.
// What it says of who sends is for the operator to mend, and no message is lost
// for it.
func judged(ctx context.Context, at string, err error) error {
	reply, ok := errors.AsType[*textproto.Error](err)
	if !ok || reply.Code < 500 {
		return said(ctx, at, err)
	}
	switch reply.Code {
	case 503, 530, 534, 535, 538: // sign in first, or otherwise
		return said(ctx, at, err)
	}
	return &mail.Refused{Err: said(ctx, at, err)}
}

func (s *Sender) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.o.Timeout, fmt.Errorf("the mail server has not answered within %s", s.o.Timeout))
}

// call begins a conversation: it greets, makes it private and signs in. hangUp
// ends it, and so does the end of ctx.
func (s *Sender) call(ctx context.Context) (c *protocol.Client, hangUp func(), err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, nil, said(ctx, "connect", err)
	}
	conn = &frugal{Conn: conn, left: mostRead}
	unwatch := context.AfterFunc(ctx, func() { _ = conn.Close() })
	c, err = s.greet(ctx, conn)
	if err != nil {
		unwatch()
		_ = conn.Close()
		return nil, nil, err
	}
	return c, func() {
		_, _ = c.Text.Cmd("QUIT") // what the server says to that is of no interest
		unwatch()
		_ = conn.Close()
	}, nil
}

func (s *Sender) greet(ctx context.Context, conn net.Conn) (*protocol.Client, error) {
	private := &tls.Config{ServerName: s.host, RootCAs: s.o.Roots, MinVersion: tls.VersionTLS12}
	if s.implicit {
		secured := tls.Client(conn, private)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, said(ctx, "TLS", err)
		}
		conn = secured
	}
	c, err := protocol.NewClient(conn, s.host)
	if err != nil {
		return nil, said(ctx, "greeting", err)
	}
	if err := c.Hello(s.o.Hello); err != nil {
		return nil, said(ctx, "EHLO", err)
	}
	if !s.implicit && !s.plain {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return nil, errors.New("smtp: the mail server offers no STARTTLS, and without it the mail could be read on its way")
		}
		if err := c.StartTLS(private); err != nil {
			return nil, said(ctx, "STARTTLS", err)
		}
	}
	if s.user == "" {
		return c, nil
	}
	return c, s.signIn(ctx, c)
}

// mostRead is how much a server may say in one conversation.
const mostRead = 1 << 20

// frugal is a connection that does not listen for ever.
type frugal struct {
	net.Conn
	left int
}

func (f *frugal) Read(p []byte) (int, error) {
	if f.left <= 0 {
		return 0, errors.New("the mail server says too much")
	}
	n, err := f.Conn.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}
