package sqlstore_test

import (
	"testing"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/test/contract"
)

func TestAccounts(t *testing.T) {
	databases(t, func(t *testing.T, open func(t *testing.T) sqldb.DB) {
		contract.Accounts(t, open, func(db sqldb.DB) contract.AccountStores {
			sessions := sqlstore.NewSessions(db)
			return contract.AccountStores{
				Accounts: sqlstore.NewAccounts(db), Profiles: sqlstore.NewProfiles(db), Sessions: sessions, Devices: sessions,
				Identities: sqlstore.NewIdentities(db),
				Tokens:     sqlstore.NewOneTimeTokens(db),
			}
		})
	})
}
