// Package argon is password.Hasher with Argon2id. It knows nobody's account.
package argon

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"github.com/sajin-sns/sajin/ports/password"
)

// Options are what a hash costs. Zero members take the defaults.
type Options struct {
	Memory      uint32 // KiB for each hash; 19 MiB
	Iterations  uint32 // 2
	Parallelism uint8  // 1
	Concurrent  int    // hashes at a time; one for each core: more would only need more memory
	Waiting     int    // callers that wait for each of those; 64, which is a second or two
}

// ForTests costs nothing, which is no protection: tests have nobody to hold up.
var ForTests = Options{Memory: 64, Iterations: 1}

// Hasher hashes passwords.
type Hasher struct {
	params argon2id.Params
	nobody string // a hash that no password has
	turns  chan struct{}
	places chan struct{} // of those who have a turn or wait for one

	refused atomic.Int64
}

var _ password.Hasher = (*Hasher)(nil)

// New makes a Hasher. The defaults are the least that OWASP recommends.
func New(o Options) *Hasher {
	h := &Hasher{params: argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}}
	if o.Memory > 0 {
		h.params.Memory = o.Memory
	}
	if o.Iterations > 0 {
		h.params.Iterations = o.Iterations
	}
	if o.Parallelism > 0 {
		h.params.Parallelism = o.Parallelism
	}
	if o.Concurrent <= 0 {
		o.Concurrent = runtime.GOMAXPROCS(0)
	}
	if o.Waiting <= 0 {
		o.Waiting = 64
	}
	h.turns = make(chan struct{}, o.Concurrent)
	h.places = make(chan struct{}, o.Concurrent*(1+o.Waiting))
	// All zeros is no key that anybody could find a password for.
	h.nobody = fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", h.params.Memory, h.params.Iterations, h.params.Parallelism,
		base64.RawStdEncoding.EncodeToString(make([]byte, h.params.SaltLength)),
		base64.RawStdEncoding.EncodeToString(make([]byte, h.params.KeyLength)))
	return h
}

// Stats tells how many hashes are being made, how many callers wait for theirs,
// and how many were turned away since the start. It may be called at any time.
func (h *Hasher) Stats() (running, waiting int, refused int64) {
	running = len(h.turns)
	return running, max(0, len(h.places)-running), h.refused.Load()
}

// Hash implements password.Hasher.
func (h *Hasher) Hash(ctx context.Context, password string) (hash string, err error) {
	err = h.inTurn(ctx, func() error {
		hash, err = argon2id.CreateHash(normal(password), &h.params)
		return err
	})
	return hash, wrap("hash a password", err)
}

// Verify implements password.Hasher.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (ok, stale bool, err error) {
	if hash == "" {
		hash = h.nobody
	}
	var made *argon2id.Params
	err = h.inTurn(ctx, func() error {
		ok, made, err = argon2id.CheckHash(normal(password), hash)
		return err
	})
	return ok, ok && *made != h.params, wrap("check a password", err)
}

// inTurn runs fn when there is memory for it. Anybody can ask for hashes, and
// faster than they are made: without an end to the queue, all would wait in it
// until they gave up.
func (h *Hasher) inTurn(ctx context.Context, fn func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case h.places <- struct{}{}:
		defer func() { <-h.places }()
	default:
		h.refused.Add(1)
		return password.ErrBusy
	}
	select {
	case h.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.turns }()
	return fn()
}

// normal makes one password of what keyboards of different systems send for the
// same letters: composed 한 and its three parts.
func normal(password string) string { return norm.NFKC.String(password) }

func wrap(attempt string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("argon: %s: %w", attempt, err)
}
