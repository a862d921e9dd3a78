package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/money"
	rules "github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
)

// maxOpenTopUps is how many purchases of coins one account may have open.
const maxOpenTopUps = 20

// makers make the payment providers, by the names that configuration has for
// them: here a new one is added.
var makers = map[string]func(c config.Config, book *sqlstore.SandboxBook, now func() time.Time, log *slog.Logger) (payment.Provider, error){
	"sandbox": func(c config.Config, book *sqlstore.SandboxBook, now func() time.Time, log *slog.Logger) (payment.Provider, error) {
		secret := c.Payments.Sandbox.WebhookSecret.Reveal()
		if host, _, err := net.SplitHostPort(c.HTTP.Listen); err != nil || !net.ParseIP(host).IsLoopback() {
			log.Warn("the sandbox payment provider gives coins to whoever asks, and this server listens to more than this machine", "listen", c.HTTP.Listen)
		}
		if secret == "" {
			secret = rand.Text()
		}
		return sandboxpay.New(book, sandboxpay.Options{
			PublicURL: c.PublicURL(), WebhookURL: "http://" + c.HTTP.Listen + "/v1/webhooks/sandbox", WebhookSecret: secret, Now: now, Log: log,
		})
	},
}

func providers(lc fx.Lifecycle, c config.Config, book *sqlstore.SandboxBook, now func() time.Time, log *slog.Logger) ([]payment.Provider, error) {
	var all []payment.Provider
	for _, name := range c.Payments.Providers {
		p, err := makers[name](c, book, now, log)
		if err != nil {
			return nil, fmt.Errorf("payments.providers: %s: %w", name, err)
		}
		if closer, ok := p.(io.Closer); ok {
			lc.Append(fx.Hook{OnStop: func(context.Context) error { return closer.Close() }})
		}
		all = append(all, p)
	}
	return all, nil
}

func packs(c config.Config) []rules.Pack {
	all := make([]rules.Pack, len(c.Wallet.CoinPacks))
	for i, p := range c.Wallet.CoinPacks {
		all[i] = rules.Pack{ID: p.ID, Coins: p.Coins, Bonus: p.Bonus, Price: money.Amount{Minor: p.Amount, Currency: p.Currency}}
	}
	return all
}
