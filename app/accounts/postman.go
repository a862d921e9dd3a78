package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/mail"
	"github.com/sajin-sns/sajin/ports/store"
)

// Purposes of the links in letters, and how long they work.
const (
	verifyPurpose = "accounts.verify-email"
	resetPurpose  = "accounts.reset-password"

	VerifyTTL = 24 * time.Hour
	ResetTTL  = 30 * time.Minute
)

const (
	// keepTrying is how long a letter is worth sending: a mail server that is
	// away for a night loses nothing.
	keepTrying = 24 * time.Hour
	tryAgain   = 15 * time.Minute // after the queue has used up its attempts
)

// Postman sends letters. A letter that cannot be sent now is sent later; what
// nobody wants to read any more is not sent at all.
type Postman struct {
	Shared
	Queue     jobs.Queue
	Sender    mail.Sender
	Sealer    link.Sealer
	PublicURL string // of the pages that links lead to
	Site      string // what the place is called
	Host      string // the right half of message ids
	Log       *slog.Logger

	sent, failed, lost atomic.Int64
}

// MailStats counts letters since the start of the process.
type MailStats struct {
	Sent   int64
	Failed int64 // attempts, after which it is tried again
	Lost   int64 // given up
}

// Stats counts letters since the start of the process.
func (s *Postman) Stats() MailStats {
	return MailStats{Sent: s.sent.Load(), Failed: s.failed.Load(), Lost: s.lost.Load()}
}

// Worker does the jobs of Letters.
func (s *Postman) Worker() jobs.Worker {
	return jobs.Worker{Kind: MailJob, Run: s.run, GiveUp: s.giveUp}
}

var errObsolete = errors.New("nobody is to read the letter any more")

func (s *Postman) run(ctx context.Context, l jobs.Lease) error {
	var of letter
	if err := json.Unmarshal([]byte(l.Job.Payload), &of); err != nil {
		return jobs.Permanent{Err: fmt.Errorf("decode letter: %w", err)}
	}
	m, err := s.compose(ctx, of)
	if errors.Is(err, errObsolete) {
		return s.finish(ctx, l)
	}
	if err != nil {
		return err
	}
	if err := s.Sender.Send(ctx, m); err != nil {
		if _, refused := errors.AsType[*mail.Refused](err); refused {
			return jobs.Permanent{Err: err}
		}
		s.failed.Add(1)
		return err
	}
	s.sent.Add(1)
	return s.finish(ctx, l) // by itself: sent again, after a crash before this, it is the same message
}

func (s *Postman) finish(ctx context.Context, l jobs.Lease) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error { return s.Queue.Finish(ctx, l) })
}

// giveUp does not, as long as the letter is worth sending and may be taken.
func (s *Postman) giveUp(ctx context.Context, l jobs.Lease, cause error) error {
	var of letter
	err := json.Unmarshal([]byte(l.Job.Payload), &of)
	_, hopeless := errors.AsType[jobs.Permanent](cause)
	if now := s.Now(); err == nil && !hopeless && now.Before(of.At.Add(keepTrying)) {
		return jobs.Postpone(ctx, s.Tx, s.Queue, l, now.Add(tryAgain))
	}
	if err := s.finish(ctx, l); err != nil {
		return err
	}
	s.lost.Add(1)
	s.Log.ErrorContext(ctx, "a mail is given up", "letter", string(of.Kind), "account", of.Account.String(), "error", cause)
	return nil
}

// compose makes the message of a letter, and its link good. It fails with
// errObsolete if things have changed so that it is not to be sent.
func (s *Postman) compose(ctx context.Context, of letter) (mail.Message, error) {
	wording, ok := wordings[of.Kind]
	if !ok {
		return mail.Message{}, jobs.Permanent{Err: fmt.Errorf("no letter is called %q", of.Kind)}
	}
	id := sha256.Sum256(append([]byte("message id\x00"), of.Nonce...))
	m := mail.Message{ID: hex.EncodeToString(id[:16]) + "@" + s.Host, To: mail.Address{Address: of.To}, At: of.At}
	about := words{Site: s.Site, URL: s.PublicURL}
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		a, err := s.reader(ctx, of)
		if err != nil {
			return err
		}
		about.Handle = a.Record().Handle
		var token store.OneTimeToken
		switch of.Kind {
		case verifyLetter:
			token = store.OneTimeToken{Purpose: verifyPurpose, Payload: of.To, ExpiresAt: s.Now().Add(VerifyTTL)}
			about.Link, about.For = s.PublicURL+"/verify-email#", VerifyTTL
		case resetLetter:
			m.To.Address = a.Record().Email.Address
			token = store.OneTimeToken{Purpose: resetPurpose, Payload: m.To.Address, ExpiresAt: s.Now().Add(ResetTTL)}
			about.Link, about.For = s.PublicURL+"/reset-password#", ResetTTL
		case emailChangedLetter, passwordChangedLetter:
			return nil
		}
		var secret string
		secret, token.Hash = linkSecret(s.Sealer, token.Purpose, of.Nonce)
		token.Account = a.ID()
		about.Link += secret
		return s.Tokens.Issue(ctx, token)
	})
	if err != nil {
		return mail.Message{}, err
	}
	m.Subject, m.Text, err = wording.say(about)
	return m, err
}

// reader is whose account a letter is about; errObsolete if it is not to be sent.
func (s *Postman) reader(ctx context.Context, of letter) (*accounts.Account, error) {
	var a *accounts.Account
	var err error
	if of.Kind == resetLetter {
		a, err = s.Accounts.ByEmail(ctx, of.To)
	} else {
		a, err = s.Accounts.Get(ctx, of.Account)
	}
	switch {
	case errors.Is(err, accounts.ErrNotFound):
		return nil, errObsolete
	case err != nil:
		return nil, err
	case !a.Live():
		return nil, errObsolete
	}
	if of.Kind == verifyLetter {
		if wanted, err := a.Unverified(); err != nil || wanted.Address != of.To {
			return nil, errObsolete
		}
	}
	return a, nil
}
