package accounts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/ports/mail"
	"github.com/sajin-sns/sajin/ports/store"
)

func TestPostman(t *testing.T) {
	away := errors.New("the mail server is away")
	t.Run("a mail server that is away for a night loses nothing", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		w.post.err = away
		for range 8 * 60 {
			w.deliver()
			w.pass(time.Minute)
		}
		w.equal(1, w.waiting())
		w.equal(0, len(w.post.All()))
		if w.post.tries < 10 || w.post.tries > 300 || len(w.post.ids) != 1 {
			t.Errorf("tried %d times, as %d messages", w.post.tries, len(w.post.ids))
		}
		w.post.err = nil
		w.pass(time.Hour)
		w.must(w.emails.Verify(t.Context(), w.link("hana@example.com", "verify-email")))
		w.equal(0, w.waiting())
		w.equal(accounts.MailStats{Sent: 1, Failed: int64(w.post.tries - 1)}, w.postman.Stats())
	})
	t.Run("after a day a letter is not worth sending, and that is told", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		w.post.err = away
		for range 30 * 60 {
			w.deliver()
			w.pass(time.Minute)
		}
		w.equal(0, w.waiting())
		w.equal(int64(1), w.postman.Stats().Lost)
		if !strings.Contains(w.log.String(), "a mail is given up") || !strings.Contains(w.log.String(), "letter=verify-email") {
			t.Error(w.log.String())
		}
	})
	t.Run("what is refused for good is given up at once", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		w.post.err = &mail.Refused{Err: errors.New("550 no such mailbox")}
		w.deliver()
		w.equal(0, w.waiting())
		w.equal(1, w.post.tries)
		w.equal(accounts.MailStats{Lost: 1}, w.postman.Stats())
	})
	t.Run("a letter that was taken, which nobody told, is sent again as the same message with the same link", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		w.post.err, w.post.late = away, true
		w.deliver()
		first := w.post.All()[0]
		w.post.err = nil
		w.pass(time.Hour)
		secret := w.link("hana@example.com", "verify-email")
		w.equal([]mail.Message{first}, w.post.All())
		w.equal(2, w.post.tries)
		w.must(w.emails.Verify(t.Context(), secret))
		if w.record(hana).EmailVerifiedAt.IsZero() {
			t.Error("the link does not work")
		}
	})
	t.Run("and a link that was followed meanwhile does not work again", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		w.must(w.credentials.RequestReset(t.Context(), "hana@example.com", ""))
		w.post.err, w.post.late = away, true
		secret := w.link("hana@example.com", "reset-password")
		w.must(w.credentials.ResetPassword(t.Context(), secret, "a new password"))
		w.post.err = nil
		w.pass(time.Hour)
		w.deliver()
		w.equal(0, w.waiting())
		w.is(w.credentials.ResetPassword(t.Context(), secret, "another password"), store.ErrOneTimeToken)
	})
	t.Run("no letter is written for what did not happen", func(t *testing.T) {
		w := newWorld(t)
		w.outbox.err = errors.New("the disk is full")
		_, err := w.credentials.Register(t.Context(), rules.Application{Email: "hana@example.com", Password: "correct horse", Handle: "hana"}, phone)
		w.is(err, w.outbox.err)
		w.equal(0, w.waiting())
	})
	t.Run("a letter says who, what and until when, and its headers hold nothing of others", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		w.must(w.credentials.RequestReset(t.Context(), "hana@example.com", ""))
		w.deliver()
		for want, m := range map[string]mail.Message{"within 24 hours": w.post.All()[0], "within 30 minutes": w.post.All()[1]} {
			if !strings.Contains(m.Text, want) || !strings.Contains(m.Text, "@hana") || !strings.Contains(m.Text, "사진") {
				t.Error(m.Text)
			}
			if !strings.HasSuffix(m.ID, "@photos.example.com") || m.At != w.clock || m.Check() != nil {
				t.Errorf("%+v", m)
			}
		}
	})
}
