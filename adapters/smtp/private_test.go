package smtp_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/smtp"
	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/ports/mail"
	"github.com/sajin-sns/sajin/test/contract"
	"github.com/sajin-sns/sajin/test/smtptest"
)

func TestPrivacy(t *testing.T) {
	nobody := func(o *smtp.Options) { o.Roots = x509.NewCertPool() }
	secret := smtptest.Options{User: "sajin", Password: "hunter2"}
	for what, c := range map[string]struct {
		options smtptest.Options
		query   string
		change  []func(o *smtp.Options)
	}{
		"without STARTTLS where it is wanted":    {secret, "?tls=required", nil},
		"with a certificate that nobody issued":  {smtptest.Options{TLS: true, User: "sajin", Password: "hunter2"}, "", []func(o *smtp.Options){nobody}},
		"with STARTTLS and a strange certficate": {smtptest.Options{StartTLS: true, User: "sajin", Password: "hunter2"}, "?tls=required", []func(o *smtp.Options){nobody}},
	} {
		t.Run("a server "+what+" is told nothing", func(t *testing.T) {
			server := smtptest.Start(t, c.options)
			err := sender(t, server, c.query, c.change...).Send(t.Context(), message())
			if err == nil || refused(err) {
				t.Error(err)
			}
			for _, stage := range []smtptest.Stage{smtptest.Auth, smtptest.Mail} {
				if server.Seen(stage) != 0 {
					t.Error("it came to", stage)
				}
			}
		})
	}
	t.Run("a wrong password is for the operator to mend", func(t *testing.T) {
		server := smtptest.Start(t, secret)
		s, err := smtp.New(strings.Replace(server.URL, "hunter2", "hunter3", 1), smtp.Options{From: from})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Send(t.Context(), message())
		if err == nil || refused(err) || strings.Contains(err.Error(), "hunter") {
			t.Error(err)
		}
	})
}

func TestAddresses(t *testing.T) {
	korean := message(func(m *mail.Message) { m.To.Address = "하나@예시.한국" })
	t.Run("in other scripts go to servers that take them", func(t *testing.T) {
		server := smtptest.Start(t, smtptest.Options{UTF8: true})
		if err := sender(t, server, "").Send(t.Context(), korean); err != nil {
			t.Fatal(err)
		}
		if got := server.Messages()[0]; got.To != "하나@예시.한국" || contract.ParseMail(t, got.Data).To.Address != got.To {
			t.Errorf("%+v", got)
		}
	})
	t.Run("and are refused by others", func(t *testing.T) {
		if err := sender(t, smtptest.Start(t, smtptest.Options{}), "").Send(t.Context(), korean); !refused(err) {
			t.Error(err)
		}
	})
}

func TestNew(t *testing.T) {
	for _, where := range []string{
		"", "smtp:", "smtp://", "http://host", "smtp://u:s3cret@", "smtp://u:s3cret@host:port", "smtp://u:s3cret@ho st",
		"smtp://u:s3cret@host?tls=maybe", "smtps://u:s3cret@host?tls=none",
	} {
		_, err := smtp.New(where, smtp.Options{From: from})
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", where, err)
		}
	}
	if _, err := smtp.New("smtp://host", smtp.Options{From: mail.Address{Address: "a@b\r\nX: y"}}); err == nil {
		t.Error("an address with a line break sends mail")
	}
}

func TestReady(t *testing.T) {
	server := smtptest.Start(t, smtptest.Options{User: "sajin", Password: "hunter2"})
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := sender(t, server, "", func(o *smtp.Options) { o.Now = func() time.Time { return now } })
	looked := func(want bool) error {
		t.Helper()
		err := s.Ready(t.Context())
		if (err == nil) != want {
			t.Fatalf("ready is %v, want %v", err, want)
		}
		return err
	}
	ready := func(want bool) { t.Helper(); _ = looked(want) }
	t.Run("the server is called, and signed in to, once a minute", func(t *testing.T) {
		for range 5 {
			ready(true)
		}
		if n := server.Seen(smtptest.Auth); n != 1 || server.Seen(smtptest.Mail) != 0 {
			t.Errorf("%d times", n)
		}
		now = now.Add(time.Minute)
		ready(true)
		if n := server.Seen(smtptest.Auth); n != 2 {
			t.Errorf("%d times", n)
		}
	})
	t.Run("what is wrong is told, with what to do and no password, and looked at again sooner", func(t *testing.T) {
		server.Reply(smtptest.Auth, 535, "no")
		ready(true)
		now = now.Add(time.Minute)
		err := looked(false)
		if health.Remedy(err) == "" || strings.Contains(err.Error()+health.Remedy(err), "hunter2") {
			t.Error(err, health.Remedy(err))
		}
		server.Heal()
		ready(false)
		now = now.Add(15 * time.Second)
		ready(true)
	})
	t.Run("a server that says nothing is not ready", func(t *testing.T) {
		now = now.Add(time.Minute)
		server.Hang(smtptest.Hello)
		s := sender(t, server, "", soon)
		if err := s.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "has not answered within") {
			t.Error(err)
		}
	})
}
