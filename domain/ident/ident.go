// Package ident holds sajin's ids: one Go type per kind of thing over UUID
// version 7 (RFC 9562), so that a post's id cannot be passed for an account's
// and ids sort by the time they were made.
package ident

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"time"
)

// ID is the id of one K. The zero value stands for "none".
type ID[K any] [16]byte

// The kinds of things that have ids.
type (
	AccountID  = ID[account]
	SessionID  = ID[session]
	IdentityID = ID[identity]
	PostID     = ID[post]
	MediaID    = ID[media]
	UploadID   = ID[upload]
	PurchaseID = ID[purchase]
	TopUpID    = ID[topUp]
	JournalID  = ID[journal]
	LotID      = ID[lot]
	EventID    = ID[event]
	JobID      = ID[job]
)

type (
	account  struct{}
	session  struct{}
	identity struct{}
	post     struct{}
	media    struct{}
	upload   struct{}
	purchase struct{}
	topUp    struct{}
	journal  struct{}
	lot      struct{}
	event    struct{}
	job      struct{}
)

// ErrMalformed is what Parse answers to text that is no UUID.
var ErrMalformed = errors.New("not a UUID in its 36-character form")

// Parse reads the 36-character form, in either case, of any UUID version.
func Parse[T ~[16]byte](text string) (T, error) {
	var id ID[struct{}]
	err := id.UnmarshalText([]byte(text))
	return T(id), err
}

// IsZero tells whether the id stands for "none".
func (id ID[K]) IsZero() bool { return id == ID[K]{} }

// Bytes are the sixteen bytes, for storage.
func (id ID[K]) Bytes() [16]byte { return id }

// SetBytes overwrites the id with what storage held.
func (id *ID[K]) SetBytes(b [16]byte) { *id = b }

// Compare orders ids as their text does; for ids of one Source, by age.
func (id ID[K]) Compare(other ID[K]) int { return bytes.Compare(id[:], other[:]) }

// Time is when the id was made, to the millisecond.
func (id ID[K]) Time() time.Time {
	var ms int64
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).UTC()
}

func (id ID[K]) String() string {
	text, _ := id.MarshalText()
	return string(text)
}

// MarshalText writes the 36-character form, in lower case.
func (id ID[K]) MarshalText() ([]byte, error) {
	text := make([]byte, 36)
	hex.Encode(text[0:8], id[0:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:36], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return text, nil
}

// UnmarshalText reads the 36-character form; the id is left alone on an error.
func (id *ID[K]) UnmarshalText(text []byte) error {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return ErrMalformed
	}
	var parsed ID[K]
	at := 0
	for _, group := range [...][]byte{text[0:8], text[9:13], text[14:18], text[19:23], text[24:36]} {
		n, err := hex.Decode(parsed[at:], group)
		if err != nil {
			return ErrMalformed
		}
		at += n
	}
	*id = parsed
	return nil
}

// At is an id that sorts before every id that was made at a time or later, and
// after those that were made before, to the millisecond: a bound for ranges.
func At[T ~[16]byte](t time.Time) T {
	var id T
	ms := t.UnixMilli()
	for i := 5; i >= 0; i-- {
		id[i] = byte(ms)
		ms >>= 8
	}
	return id
}

// Source makes ids from a clock and a source of randomness that are handed to
// it. Ids of one Source strictly increase, also within a millisecond and when
// the clock steps back. It is safe for concurrent use.
type Source struct {
	now    func() time.Time
	random io.Reader

	mu   sync.Mutex
	last [8]byte // 48 bits of milliseconds, then 12 of a counter in the low bits
}

// NewSource makes a Source. random must never fail: a Source panics when it does.
func NewSource(now func() time.Time, random io.Reader) *Source {
	return &Source{now: now, random: random}
}

// New makes the next id of a source: ident.New[ident.PostID](source).
func New[T ~[16]byte](s *Source) T { return s.next() }

func (s *Source) next() [16]byte {
	var id [16]byte
	if _, err := io.ReadFull(s.random, id[6:]); err != nil {
		panic("ident: no randomness: " + err.Error())
	}
	now := At[[16]byte](s.now())
	copy(id[:6], now[:6])
	id[6] &= 0x07 // a counter that starts in its lower half has room to grow within the millisecond

	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes.Compare(id[:8], s.last[:]) <= 0 {
		copy(id[:8], s.last[:])
		increment(id[:8])
	}
	copy(s.last[:], id[:8])

	id[6] = 0x70 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f
	return id
}

// increment adds one to the 60 bits of time and counter: the high nibble of
// byte 6 is where the version goes and is passed over.
func increment(b []byte) {
	b[7]++
	if b[7] != 0 {
		return
	}
	b[6] = (b[6] + 1) & 0x0f
	if b[6] != 0 {
		return
	}
	for i := 5; i >= 0; i-- {
		if b[i]++; b[i] != 0 {
			return
		}
	}
}
