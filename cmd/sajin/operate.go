package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

type migrateCmd struct {
	Status bool `help:"Only print which migrations have been applied."`
}

func (cmd migrateCmd) Run(ctx context.Context, g *globals) error {
	c, err := g.load(nil)
	if err != nil {
		return err
	}
	if !cmd.Status {
		db, err := server.OpenDatabase(ctx, c)
		if err != nil {
			return err
		}
		fmt.Println("the database has the newest schema")
		return db.Close()
	}
	all, err := server.Migrations(ctx, c)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, m := range all {
		applied := "pending"
		if !m.AppliedAt.IsZero() {
			applied = m.AppliedAt.Format("2006-01-02 15:04:05")
		}
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\n", m.Version, m.Name, applied)
	}
	return w.Flush()
}

type openapiCmd struct {
	Format string `help:"Version of OpenAPI." enum:"3.1,3.0" default:"3.1"`
}

func (cmd openapiCmd) Run(ctx context.Context) error {
	return writeDocument(ctx, os.Stdout, cmd.Format)
}

// writeDocument writes the OpenAPI document of a server as configured by default.
func writeDocument(ctx context.Context, w io.Writer, format string) error {
	c := server.InMemory()
	c.HTTP.Listen = config.Default().HTTP.Listen
	return server.Use(ctx, c, server.Options{Version: "1"}, func(api *httpapi.API) error {
		describe := api.OpenAPI().MarshalJSON
		if format == "3.0" {
			describe = api.OpenAPI().Downgrade
		}
		document, err := describe()
		if err != nil {
			return err
		}
		var members map[string]any // for members in one order
		if err := json.Unmarshal(document, &members); err != nil {
			return err
		}
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(members)
	})
}

type adminCmd struct {
	Grant        grantCmd        `cmd:"" help:"Give an account a role, or coins."`
	RotateKeys   rotateKeysCmd   `cmd:"" help:"Sign with a new key from now on. Running servers notice."`
	Collect      collectCmd      `cmd:"" help:"Compare the database with object storage and remove what was left over."`
	Events       eventsCmd       `cmd:"" help:"List the events that a consumer gave up, or send one again."`
	VerifyLedger verifyLedgerCmd `cmd:"" help:"Add the journal up and compare every wallet with it."`
}

type grantCmd struct {
	Account   string      `arg:"" help:"E-mail address or handle."`
	Role      string      `help:"Role to give." enum:",member,moderator,admin" default:""`
	Coins     money.Coins `help:"Coins to give."`
	Reference string      `help:"Names the gift: the same one is given once. Needed with --coins."`
}

func (cmd grantCmd) Run(ctx context.Context, g *globals) error {
	if cmd.Role == "" && cmd.Coins == 0 {
		return errors.New("nothing to grant: name a --role or --coins")
	}
	c, err := g.load(nil)
	if err != nil {
		return err
	}
	return server.Use(ctx, c, server.Options{}, func(people *accounts.Accounts, grants *wallet.Grants) error {
		if cmd.Role != "" {
			if err := people.GrantRole(ctx, cmd.Account, cmd.Role); err != nil {
				return err
			}
			fmt.Printf("%s is now %s\n", cmd.Account, cmd.Role)
		}
		if cmd.Coins == 0 {
			return nil
		}
		account, err := people.Find(ctx, cmd.Account)
		if err != nil {
			return err
		}
		if err := grants.Grant(ctx, wallet.Grant{Account: account, Coins: cmd.Coins, Reference: cmd.Reference}); err != nil {
			return err
		}
		fmt.Printf("%s was given %d coins\n", cmd.Account, cmd.Coins)
		return nil
	})
}

type rotateKeysCmd struct{}

func (rotateKeysCmd) Run(g *globals) error {
	c, err := g.load(nil)
	if err != nil {
		return err
	}
	if err := keyring.Rotate(server.KeyFile(c)); err != nil {
		return err
	}
	fmt.Println("a new key signs from now on; what the old ones signed stays good until it expires")
	return nil
}

type verifyLedgerCmd struct{}

func (verifyLedgerCmd) Run(ctx context.Context, g *globals) error {
	c, err := g.load(nil)
	if err != nil {
		return err
	}
	return server.Use(ctx, c, server.Options{}, func(statements *wallet.Statements) error {
		balance, err := statements.TrialBalance(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
		for _, line := range balance.Lines {
			_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t\n", line.Account, line.Balance, line.Asset)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, problem := range balance.Problems {
			fmt.Println("!", problem)
		}
		if !balance.Balanced {
			return errors.New("the ledger does not balance")
		}
		fmt.Println("the ledger balances")
		return nil
	})
}

type eventsCmd struct {
	Resend   string `help:"Id of an event to send again." placeholder:"ID"`
	Consumer string `help:"Whose parked event it is. Needed with --resend."`
}

func (cmd eventsCmd) Run(ctx context.Context, g *globals) error {
	c, err := g.load(nil)
	if err != nil {
		return err
	}
	return server.Use(ctx, c, server.Options{}, func(outbox *sqlstore.Outbox) error {
		if cmd.Resend != "" {
			id, err := ident.Parse[ident.EventID](cmd.Resend)
			if err != nil {
				return fmt.Errorf("--resend: %w", err)
			}
			return outbox.Resend(ctx, cmd.Consumer, id)
		}
		parked, err := outbox.ListParked(ctx, 1000)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for _, e := range parked {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", e.ParkedAt.Format(time.DateTime), e.ID, e.Consumer, e.Topic, e.Error)
		}
		return w.Flush()
	})
}
