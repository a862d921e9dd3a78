package sqlstore_test

import (
	"testing"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/test/contract"
)

func TestContent(t *testing.T) {
	databases(t, func(t *testing.T, open func(t *testing.T) sqldb.DB) {
		contract.Content(t, open, func(db sqldb.DB) contract.ContentStores {
			posts := sqlstore.NewPosts(db)
			return contract.ContentStores{
				Posts: posts, Edits: sqlstore.NewEdits(db), Feeds: sqlstore.NewFeeds(db), Counters: posts,
				Subscriptions: sqlstore.NewSubscriptions(db), Inboxes: sqlstore.NewInboxes(db),
			}
		})
	})
}
