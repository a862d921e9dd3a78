package smtp_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/smtp"
	"github.com/sajin-sns/sajin/ports/mail"
	"github.com/sajin-sns/sajin/test/contract"
	"github.com/sajin-sns/sajin/test/smtptest"
)

var from = mail.Address{Name: "사진", Address: "hello@photos.example.com"}

// sender talks to a server of a test; query is added to its URL.
func sender(t *testing.T, server *smtptest.Server, query string, change ...func(o *smtp.Options)) *smtp.Sender {
	t.Helper()
	o := smtp.Options{From: from, Roots: server.Roots}
	for _, c := range change {
		c(&o)
	}
	s, err := smtp.New(server.URL+query, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// soon is a timeout for servers that never answer.
func soon(o *smtp.Options) { o.Timeout = 150 * time.Millisecond }

func message(change ...func(m *mail.Message)) mail.Message {
	m := mail.Message{
		ID: "abc@photos.example.com", To: mail.Address{Address: "hana@example.com"}, Subject: "Hello", Text: "a s3cret link\n",
		At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	for _, c := range change {
		c(&m)
	}
	return m
}

func refused(err error) bool { _, ok := errors.AsType[*mail.Refused](err); return ok }

func TestContract(t *testing.T) {
	for name, c := range map[string]struct {
		options smtptest.Options
		query   string
	}{
		"plainly on this machine":   {},
		"with STARTTLS":             {smtptest.Options{StartTLS: true, User: "sajin", Password: "pass word"}, "?tls=required"},
		"with TLS":                  {smtptest.Options{TLS: true, User: "sajin", Password: "p@ss:/?#"}, ""},
		"with a password, in clear": {smtptest.Options{User: "sajin", Password: "secret"}, "?tls=none"},
	} {
		t.Run(name, func(t *testing.T) {
			contract.Mail(t, func(t *testing.T) contract.Mailing {
				server := smtptest.Start(t, c.options)
				return contract.Mailing{Sender: sender(t, server, c.query), Twice: true, Arrived: func(t *testing.T) (all []mail.Message) {
					for _, m := range server.Messages() {
						if m.From != from.Address || m.To == "" {
							t.Errorf("from %q to %q", m.From, m.To)
						}
						all = append(all, contract.ParseMail(t, m.Data))
					}
					return all
				}}
			})
		})
	}
}

func TestBadDays(t *testing.T) {
	for _, at := range []smtptest.Stage{smtptest.Connect, smtptest.Hello, smtptest.Auth, smtptest.Mail, smtptest.Rcpt, smtptest.Data, smtptest.End} {
		bad := map[string]func(s *smtptest.Server){
			"defers":                   func(s *smtptest.Server) { s.Reply(at, 451, "come back later") },
			"is too busy":              func(s *smtptest.Server) { s.Reply(at, 421, "too many of you") },
			"closes the connection":    func(s *smtptest.Server) { s.Drop(at) },
			"says nothing any more":    func(s *smtptest.Server) { s.Hang(at) },
			"wants a password":         func(s *smtptest.Server) { s.Reply(at, 530, "sign in first") },
			"refuses who we are":       func(s *smtptest.Server) { s.Reply(at, 554, "no") },
			"refuses for other reason": func(s *smtptest.Server) { s.Reply(at, 550, "no") },
		}
		for what, happens := range bad {
			t.Run("a server that at "+string(at)+" "+what, func(t *testing.T) {
				t.Parallel()
				server := smtptest.Start(t, smtptest.Options{User: "sajin", Password: "hunter2"})
				s := sender(t, server, "", soon)
				happens(server)
				err := s.Send(t.Context(), message())
				if err == nil {
					t.Fatal("no error")
				}
				about := strings.HasPrefix(what, "refuses") && (at == smtptest.Rcpt || at == smtptest.Data || at == smtptest.End)
				if refused(err) != about {
					t.Errorf("refused for good: %v, want %v: %v", refused(err), about, err)
				}
				if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "s3cret") {
					t.Error("a secret is told:", err)
				}
				stats := s.Stats()
				if want := (smtp.Stats{Failed: 1}); !about && stats != want {
					t.Error(stats)
				}
				if want := (smtp.Stats{Refused: 1}); about && stats != want {
					t.Error(stats)
				}

				server.Heal()
				patient := sender(t, server, "")
				if err := patient.Send(t.Context(), message()); err != nil || patient.Stats() != (smtp.Stats{Sent: 1}) {
					t.Error("the next day:", err)
				}
				ids := map[string]bool{}
				for _, m := range server.Messages() {
					ids[contract.ParseMail(t, m.Data).ID] = true
				}
				if len(ids) != 1 {
					t.Errorf("it arrived as %v", ids)
				}
			})
		}
	}
	t.Run("a server that is not there", func(t *testing.T) {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		s, err := smtp.New("smtp://"+address, smtp.Options{From: from})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(t.Context(), message()); err == nil || refused(err) {
			t.Error(err)
		}
	})
	t.Run("a server that never stops talking", func(t *testing.T) {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				go func() {
					line := []byte("220-" + strings.Repeat("blah ", 100) + "\r\n")
					for err == nil {
						_, err = conn.Write(line)
					}
				}()
			}
		}()
		t.Cleanup(func() { _ = listener.Close() })
		s, err := smtp.New("smtp://"+listener.Addr().String(), smtp.Options{From: from})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "too much") {
			t.Error(err)
		}
	})
	t.Run("who sends may go while the server hangs", func(t *testing.T) {
		server := smtptest.Start(t, smtptest.Options{})
		server.Hang(smtptest.Rcpt)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for server.Seen(smtptest.Rcpt) == 0 {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		if err := sender(t, server, "").Send(ctx, message()); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
