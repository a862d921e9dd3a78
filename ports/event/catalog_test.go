package event_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/event"
)

var update = flag.Bool("update", false, "write testdata/*.json of events that have none yet")

// catalog has one of every event that modules make. Every member has a value of
// its own, so that the golden files show which goes where.
func catalog() []any {
	var (
		at      = time.Date(2026, 3, 1, 12, 30, 15, 123456000, time.UTC)
		earlier = at.Add(-time.Hour)
		hana    = ident.AccountID{0: 1, 15: 0xa}
		bora    = ident.AccountID{0: 1, 15: 0xb}
		session = ident.SessionID{0: 2, 15: 1}
		post    = ident.PostID{0: 3, 15: 1}
		medium  = ident.MediaID{0: 4, 15: 1}
	)
	return []any{
		accounts.Registered{Account: hana, Handle: "hana", At: at},
		accounts.Deleted{Account: hana, PurgeAt: at.Add(720 * time.Hour), At: at},
		accounts.Restored{Account: hana, At: at},
		accounts.Purged{Account: hana, At: at},
		accounts.RoleGranted{Account: hana, Role: accounts.Moderator, At: at},
		accounts.PasswordChanged{Account: hana, Session: session, At: at},
		accounts.EmailVerified{Account: hana, At: at},
		accounts.EmailChanged{Account: hana, At: at},
		accounts.SessionReuseDetected{Account: hana, Session: session, At: at},
		accounts.IdentityLinked{Account: hana, Identity: ident.IdentityID{0: 7, 15: 1}, Provider: "google", At: at},
		accounts.IdentityUnlinked{Account: hana, Identity: ident.IdentityID{0: 7, 15: 1}, Provider: "google", At: at},
		content.PostPublished{Post: post, Author: hana, Tags: []string{"seoul", "사진"}, Merged: true, PublishedAt: at},
		content.PostDeleted{Post: post, Author: hana, Tags: []string{"seoul"}, PublishedAt: earlier, At: at},
		content.AuthorLeft{Author: hana, At: at},
		media.MediumReady{Medium: medium, Owner: hana, Kind: "photo", At: at},
		media.MediumFailed{Medium: medium, Owner: hana, Failure: media.Failure{Code: "media.corrupt", Retryable: true}, At: at},
		media.MediumDescribed{Medium: medium, Owner: hana, FormerAlt: "a sea", At: at},
		subscriptions.Subscribed{Subscription: subscriptions.Subscription{Subscriber: bora, Creator: hana, Since: at, InboxFrom: earlier}},
		subscriptions.Unsubscribed{Subscriber: bora, Creator: hana, At: at},
		wallet.PurchaseSettled{Purchase: wallet.Purchase{
			ID: ident.PurchaseID{0: 5, 15: 1}, Buyer: bora, Post: post, Seller: hana, Coins: 300, Paid: 250, Bonus: 50, At: at,
		}},
		wallet.TopUpPaidEvent{
			TopUp: ident.TopUpID{0: 6, 15: 1}, Account: bora, Coins: 1000, Bonus: 100, Price: money.Amount{Minor: 12000, Currency: "KRW"}, At: at,
		},
	}
}

func TestCatalog(t *testing.T) {
	topicForm := regexp.MustCompile(`^[a-z]+\.[a-z-]+\.[a-z-]+\.v[1-9][0-9]*$`)
	var have, topics []string
	for _, e := range catalog() {
		name := fmt.Sprintf("%T", e)
		have = append(have, name)
		payload, err := event.From(e)
		if err != nil {
			t.Fatal(err)
		}
		if !topicForm.MatchString(payload.Topic()) || slices.Contains(topics, payload.Topic()) {
			t.Errorf("topic %q is not of the form module.thing.happened.v1, or is another event's", payload.Topic())
		}
		topics = append(topics, payload.Topic())
		t.Run(name, func(t *testing.T) {
			text := golden(t, payload)

			t.Run("a consumer reads what was written", func(t *testing.T) {
				read := reflect.New(reflect.TypeOf(payload))
				decoder := json.NewDecoder(bytes.NewReader(text))
				decoder.DisallowUnknownFields()
				if err := decoder.Decode(read.Interface()); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(payload, read.Elem().Interface()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
	t.Run("no event goes without a golden file", func(t *testing.T) {
		known := casesOfFrom(t)
		slices.Sort(have)
		slices.Sort(known)
		if diff := cmp.Diff(known, have); diff != "" {
			t.Errorf("add one of each event of From (-) to catalog in this test (+), and run it with -update:\n%s", diff)
		}
	})
	t.Run("no golden file goes without an event", func(t *testing.T) {
		files, err := filepath.Glob("testdata/*.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if topic := strings.TrimSuffix(filepath.Base(file), ".json"); !slices.Contains(topics, topic) {
				t.Errorf("%s: no event has this topic any more, but consumers may still get some", file)
			}
		}
	})
	t.Run("what is no event is refused", func(t *testing.T) {
		if _, err := event.From(struct{}{}); err == nil {
			t.Error("it was taken")
		}
	})
}

// golden holds the payload's JSON against its file, which is a contract: with
// -update a missing file is written, and none is changed.
func golden(t *testing.T, payload event.Payload) []byte {
	t.Helper()
	text, err := json.MarshalIndent(payload, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	path := filepath.Join("testdata", payload.Topic()+".json")
	want, err := os.ReadFile(path)
	if os.IsNotExist(err) && *update {
		want, err = text, os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("%s is what consumers were promised (-), this is another thing (+): make a new version\n%s", path, diff)
	}
	return text
}

// casesOfFrom lists the types that From knows, as its source names them.
func casesOfFrom(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "catalog.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == "From" {
			ast.Inspect(fn, func(n ast.Node) bool {
				if clause, ok := n.(*ast.CaseClause); ok {
					for _, expr := range clause.List {
						names = append(names, types.ExprString(expr))
					}
				}
				return true
			})
		}
	}
	return names
}
