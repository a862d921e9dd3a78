// Package smtptest runs a real SMTP server in the process of a test: one that
// takes mail, wants TLS and a password when it is told to, and has every bad day
// that a mail server has.
package smtptest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Stage is where in a conversation something happens.
type Stage string

// The stages, in their order.
const (
	Connect Stage = "connect" // before the greeting
	Hello   Stage = "EHLO"
	Auth    Stage = "AUTH"
	Mail    Stage = "MAIL"
	Rcpt    Stage = "RCPT"
	Data    Stage = "DATA" // in the middle of the message
	End     Stage = "end"  // after the message was taken
)

// Options are what the server is like. The zero value speaks plain SMTP.
type Options struct {
	StartTLS bool // offers STARTTLS
	TLS      bool // speaks TLS from the first byte on
	User     string
	Password string
	UTF8     bool // takes addresses in every script
}

// Message is what was taken.
type Message struct {
	From, To string
	Data     []byte
}

// Server is a running server.
type Server struct {
	URL   string         // smtp://user:password@127.0.0.1:port
	Roots *x509.CertPool // that its certificate is believed by

	o        Options
	smtp     *smtp.Server
	listener net.Listener

	mu       sync.Mutex
	faults   map[Stage]fault
	messages []Message
	seen     []Stage
	closing  chan struct{}
}

// fault is what goes wrong at a stage.
type fault struct {
	reply *smtp.SMTPError
	hang  chan struct{}
	drop  bool
}

// Start starts a server that ends with the test.
func Start(t *testing.T, o Options) *Server {
	t.Helper()
	s := &Server{o: o, faults: map[Stage]fault{}, closing: make(chan struct{})}
	certificate, roots := selfSigned(t)
	s.Roots = roots
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.open))
	s.smtp.Domain = "mail.sajin.test"
	s.smtp.AllowInsecureAuth = true
	s.smtp.EnableSMTPUTF8 = o.UTF8
	s.smtp.ErrorLog = silent{}
	if o.StartTLS {
		s.smtp.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listener = gate{listener, s}
	if o.TLS {
		s.listener = tls.NewListener(s.listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	}
	where := url.URL{Scheme: "smtp", Host: listener.Addr().String()}
	if o.TLS {
		where.Scheme = "smtps"
	}
	if o.User != "" {
		where.User = url.UserPassword(o.User, o.Password)
	}
	s.URL = where.String()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.smtp.Serve(s.listener)
	}()
	t.Cleanup(func() {
		s.Heal()
		close(s.closing)
		_ = s.smtp.Close()
		_ = s.listener.Close() // which Close does not know of if Serve has not begun
		<-served
	})
	return s
}

// Reply has the server answer at a stage with a code: 4xx defers, 5xx refuses.
func (s *Server) Reply(at Stage, code int, text string) {
	s.set(at, fault{reply: &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: text}})
}

// Hang has the server fall silent at a stage.
func (s *Server) Hang(at Stage) { s.set(at, fault{hang: make(chan struct{})}) }

// Drop has the server close the connection at a stage. At End, the message has
// been taken, and nobody is told.
func (s *Server) Drop(at Stage) { s.set(at, fault{drop: true}) }

// Heal ends every bad day.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.hang != nil {
			close(f.hang)
		}
	}
	clear(s.faults)
}

func (s *Server) set(at Stage, f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[at] = f
}

// Messages are what was taken, in order.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Seen counts how often a stage was reached.
func (s *Server) Seen(at Stage) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stage := range s.seen {
		if stage == at {
			n++
		}
	}
	return n
}

var errDropped = errors.New("the connection was dropped")

// pass is what happens at a stage.
func (s *Server) pass(at Stage, conn net.Conn) error {
	s.mu.Lock()
	s.seen = append(s.seen, at)
	f := s.faults[at]
	s.mu.Unlock()
	switch {
	case f.reply != nil:
		return f.reply
	case f.hang != nil:
		select {
		case <-f.hang:
		case <-s.closing:
		}
		return errDropped
	case f.drop:
		_ = conn.Close()
		return errDropped
	}
	return nil
}

func (s *Server) open(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c.Conn()}, s.pass(Hello, c.Conn())
}

// gate is where connections come in.
type gate struct {
	net.Listener
	s *Server
}

func (g gate) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &visitor{Conn: conn, s: g.s}, nil
}

// visitor is a connection whose first write, the greeting, may fail.
type visitor struct {
	net.Conn
	s       *Server
	greeted sync.Once
	broken  error
}

func (v *visitor) Write(p []byte) (int, error) {
	v.greeted.Do(func() {
		err := v.s.pass(Connect, v.Conn)
		if reply, ok := errors.AsType[*smtp.SMTPError](err); ok {
			_, _ = io.WriteString(v.Conn, reply.Error()+"\r\n")
			_ = v.Close()
		}
		v.broken = err
	})
	if v.broken != nil {
		return 0, v.broken
	}
	return v.Conn.Write(p)
}

// session is one conversation.
type session struct {
	server   *Server
	conn     net.Conn
	from, to string
	known    bool
}

func (s *session) Reset()        { s.from, s.to = "", "" }
func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string {
	if s.server.o.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if err := s.server.pass(Auth, s.conn); err != nil {
			return err
		}
		if user != s.server.o.User || password != s.server.o.Password {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.o.User != "" && !s.known {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return s.server.pass(Mail, s.conn)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.server.pass(Rcpt, s.conn)
}

func (s *session) Data(r io.Reader) error {
	var taken bytes.Buffer
	if _, err := io.CopyN(&taken, r, 20); err != nil {
		return err
	}
	if err := s.server.pass(Data, s.conn); err != nil {
		return err
	}
	if _, err := io.Copy(&taken, r); err != nil {
		return err
	}
	s.server.mu.Lock()
	f := s.server.faults[End]
	if f.reply == nil {
		s.server.messages = append(s.server.messages, Message{s.from, s.to, taken.Bytes()})
	}
	s.server.mu.Unlock()
	return s.server.pass(End, s.conn)
}

// silent is the log of a server whose failures are wanted.
type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
