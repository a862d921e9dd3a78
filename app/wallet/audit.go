package wallet

import (
	"context"
	"encoding/binary"
	"log/slog"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

// Turns are had once among all processes: an event's Consume.
type Turns interface {
	Consume(ctx context.Context, consumer string, ids ...ident.EventID) (fresh []ident.EventID, err error)
}

// Audit adds the ledger up, once an hour among all processes. At scale that
// reads for a while, which is why it is not done when somebody looks.
type Audit struct {
	Wallets store.Wallets
	Turns   Turns
	Now     func() time.Time
	Log     *slog.Logger
	Report  func(Audited)
}

// Audited is what an audit has found.
type Audited struct {
	At        time.Time
	Took      time.Duration
	Problems  []string
	Imbalance map[wallet.Asset]int64 // what does not add up to zero; every asset has its line
}

const auditEvery = time.Hour

// Run makes the audit of this hour, unless somebody has: it may be called at
// any time.
func (a *Audit) Run(ctx context.Context) error {
	at := a.Now()
	var turn ident.EventID
	binary.BigEndian.PutUint64(turn[8:], uint64(at.Unix()/int64(auditEvery.Seconds())))
	if fresh, err := a.Turns.Consume(ctx, "wallet.audit", turn); err != nil || len(fresh) == 0 {
		return err
	}
	balance, err := a.Wallets.TrialBalance(ctx)
	if err != nil {
		return err
	}
	found := Audited{At: at, Took: a.Now().Sub(at), Problems: balance.Problems, Imbalance: map[wallet.Asset]int64{}}
	for _, line := range balance.Lines {
		found.Imbalance[line.Asset] += line.Balance
	}
	for _, problem := range found.Problems {
		a.Log.ErrorContext(ctx, "the ledger does not balance", "problem", problem)
	}
	a.Report(found)
	return nil
}
