package accounts_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/mail"
)

// post is where letters arrive, unless it has a bad day.
type post struct {
	*memory.Mailbox
	err   error // of what is sent
	late  bool  // the error comes after the message was taken
	tries int
	ids   map[string]bool
}

func (p *post) Send(ctx context.Context, m mail.Message) error {
	p.tries++
	if p.ids == nil {
		p.ids = map[string]bool{}
	}
	p.ids[m.ID] = true
	if p.err != nil && !p.late {
		return p.err
	}
	return errors.Join(p.Mailbox.Send(ctx, m), p.err)
}

// deliver does the jobs that are due, as a pool of workers does.
func (w *world) deliver() {
	w.t.Helper()
	worker := w.postman.Worker()
	for {
		l, ok, err := w.queue.Claim(w.t.Context(), []string{accounts.MailJob}, time.Minute)
		w.must(err)
		if !ok {
			return
		}
		err = worker.Run(w.t.Context(), l)
		_, permanent := errors.AsType[jobs.Permanent](err)
		switch {
		case err == nil:
		case permanent || l.Attempt >= jobs.MaxAttempts:
			w.must(worker.GiveUp(w.t.Context(), l, err))
		default:
			w.must(w.queue.Retry(w.t.Context(), l, w.clock.Add(time.Minute), err.Error()))
		}
	}
}

// waiting counts the letters that are not sent yet, due or not.
func (w *world) waiting() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM jobs WHERE kind = $1`, accounts.MailJob)
}

// letters are the subjects of what an address got, in order.
func (w *world) letters(to string) (subjects []string) {
	w.t.Helper()
	w.deliver()
	for _, m := range w.post.All() {
		if m.To.Address == to {
			subjects = append(subjects, m.Subject)
		}
	}
	return subjects
}

// link delivers what is due, and answers the secret at the end of the link in
// the last letter to an address.
func (w *world) link(to, page string) string {
	w.t.Helper()
	w.deliver()
	m, ok := w.post.Last(to)
	if !ok {
		w.t.Fatalf("no letter to %s", to)
	}
	_, rest, ok := strings.Cut(m.Text, "https://photos.example.com/"+page+"#")
	secret, _, _ := strings.Cut(rest, "\n")
	if !ok || len(secret) != len("sjl_")+43 {
		w.t.Fatalf("no link to %s in: %s", page, m.Text)
	}
	return secret
}

// confirmed is somebody who has followed the link of his first letter.
func (w *world) confirmed(handle string) ident.AccountID {
	w.t.Helper()
	id := w.register(handle)
	w.must(w.emails.Verify(w.t.Context(), w.link(handle+"@example.com", "verify-email")))
	return id
}

// databaseText is all that a thief of the database finds where secrets might be.
func (w *world) databaseText() string {
	w.t.Helper()
	var all []string
	for _, query := range []string{`SELECT payload FROM jobs`, `SELECT last_error FROM jobs`, `SELECT payload FROM one_time_tokens`, `SELECT payload FROM outbox`} {
		all = append(all, texts(w, query)...)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}
