package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/throttle"
)

// MailJob is the kind of job that sends a letter.
const MailJob = "accounts.mail"

// ErrTooManyMails is what somebody hears who wants more mail sent than anybody
// likes to get.
var ErrTooManyMails = fault.New(fault.RateLimited, "accounts.too-many-mails", "enough mail has been sent for now; look for it, also among the spam, or try again later")

// Letters are written down in the transaction of their cause, and sent by the
// Postman: no use case waits for a mail server.
type Letters struct {
	Queue  jobs.Queue
	Random io.Reader
	Now    func() time.Time

	// How much may be sent because somebody asks for it, so that nobody fills a
	// stranger's mailbox. A nil Limiter lets everything through.
	Limiter                 throttle.Limiter
	PerRecipient, PerClient throttle.Rate
}

// letterKind is what a letter is about.
type letterKind string

const (
	verifyLetter          letterKind = "verify-email"
	resetLetter           letterKind = "reset-password"
	emailChangedLetter    letterKind = "email-changed"
	passwordChangedLetter letterKind = "password-changed"
)

// letter is the payload of a MailJob. It holds no secret: its link is made of the
// nonce and this server's key.
type letter struct {
	Kind    letterKind      `json:"kind"`
	Account ident.AccountID `json:"account,omitzero"` // of a reset, it is found out when it is sent
	To      string          `json:"to"`
	Nonce   []byte          `json:"nonce"`
	At      time.Time       `json:"at"`
}

// write has a letter sent once ctx's transaction has committed. One that waits
// to be sent to the same person about the same thing is enough; notices are sent
// each.
func (s *Letters) write(ctx context.Context, kind letterKind, account ident.AccountID, to string) error {
	l := letter{Kind: kind, Account: account, To: to, Nonce: make([]byte, 32), At: s.Now()}
	if _, err := io.ReadFull(s.Random, l.Nonce); err != nil {
		return fmt.Errorf("write letter: %w", err)
	}
	payload, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("write letter: %w", err)
	}
	about := fmt.Sprintf("%s\x00%s\x00%s", kind, account, to)
	if kind == emailChangedLetter || kind == passwordChangedLetter {
		about += "\x00" + string(l.Nonce)
	}
	subject := sha256.Sum256([]byte(about))
	job := jobs.Job{Kind: MailJob, Subject: [16]byte(subject[:16]), Owner: account, Payload: string(payload)}
	if job.Owner.IsZero() {
		job.Owner = ident.AccountID(subject[:16])
	}
	return s.Queue.Enqueue(ctx, job)
}

// allow fails with ErrTooManyMails if too many were asked for lately, to an
// address or from a client. It does not look at whether anybody has the address.
func (s *Letters) allow(ctx context.Context, to accounts.Email, client string) error {
	if s.Limiter == nil {
		return nil
	}
	buckets := []throttle.Bucket{{Key: "mail to " + to.Key, Rate: s.PerRecipient}}
	if client != "" {
		buckets = append(buckets, throttle.Bucket{Key: "mail by " + client, Rate: s.PerClient})
	}
	wait, err := s.Limiter.Take(ctx, buckets...)
	if err == nil && wait > 0 {
		return ErrTooManyMails.With("retry_after", throttle.Seconds(wait))
	}
	return err
}
