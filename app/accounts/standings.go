package accounts

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

const (
	standingFor   = 10 * time.Second // how long what was read is believed
	standingsKept = 20_000           // at most, about
)

// Standings remembers for a few seconds what sessions are good for. Use cases
// of this process that change it make it forget; what other processes change is
// noticed when the time is over.
type Standings struct {
	devices store.Devices
	now     func() time.Time
	known   recent[ident.SessionID, known]
	changes atomic.Int64
}

// known is what was read of a session, and when.
type known struct {
	store.Standing
	at    time.Time
	ended bool
}

// NewStandings makes an empty memory.
func NewStandings(devices store.Devices, now func() time.Time) *Standings {
	return &Standings{devices: devices, now: now, known: newRecent[ident.SessionID, known](standingsKept)}
}

func (s *Standings) of(ctx context.Context, id ident.SessionID) (store.Standing, error) {
	now, changes := s.now(), s.changes.Load()
	k, ok := s.known.get(id)
	if !ok || now.Sub(k.at) >= standingFor {
		standing, err := s.devices.Standing(ctx, id)
		k = known{standing, now, errors.Is(err, accounts.ErrSessionEnded)}
		if err != nil && !k.ended {
			return store.Standing{}, err
		}
		s.known.put(id, k)
		if s.changes.Load() != changes {
			s.forget(id) // what was read may be from before the change
		}
	}
	if k.ended {
		return store.Standing{}, accounts.ErrSessionEnded
	}
	return k.Standing, nil
}

func (s *Standings) forget(id ident.SessionID) {
	s.changes.Add(1)
	s.known.remove(id)
}

func (s *Standings) forgetAccount(id ident.AccountID) {
	s.changes.Add(1)
	s.known.removeAll(func(_ ident.SessionID, k known) bool { return k.Account == id })
}
