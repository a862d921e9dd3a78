package e2e

import (
	"errors"
	"image"
	_ "image/jpeg"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/config"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

func TestMainJob(t *testing.T) {
	everywhere(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		creator, fan, stranger := w.member("hana"), w.member("fan"), w.stranger()

		fan.follow(creator)
		free := creator.publish(nil)
		paid := creator.publish(priced(30))

		t.Run("a published post is on the main page and in the subscriber's inbox", func(t *testing.T) {
			if got := ids(mainPage(t, stranger)); !slices.Equal(got, []uuid.UUID{paid.ID, free.ID}) {
				t.Errorf("main page %v", got)
			}
			w.eventually("both are in the inbox", func() bool { return slices.Equal(ids(inbox(t, fan.Client)), []uuid.UUID{paid.ID, free.ID}) })
		})
		t.Run("a paid post is locked until it is bought", func(t *testing.T) {
			for name, client := range map[string]*sajin.Client{"stranger": stranger, "fan": fan.Client} {
				got := read(t, client, paid.ID)
				if !got.Locked || len(got.Media[0].Renditions) != 1 || got.Media[0].Renditions[0].Name != "preview" {
					t.Errorf("%s sees %+v", name, got)
				}
			}
			if got := read(t, creator.Client, paid.ID); got.Locked || len(got.Media[0].Renditions) < 2 {
				t.Errorf("its author sees %+v", got)
			}
		})
		t.Run("without coins there is no purchase, and the answer says what is missing", func(t *testing.T) {
			_, err := fan.buy(paid.ID)
			problem, ok := errors.AsType[*sajin.Error](err)
			if !ok || problem.Code != "wallet.insufficient-coins" || problem.Status != 402 || problem.Details["needed"] != 30.0 || problem.Details["available"] != 0.0 {
				t.Fatalf("%+v", err)
			}
		})
		t.Run("coins that were paid for are in the wallet", func(t *testing.T) {
			fan.topUp("popular", "now")
			if got := fan.wallet(); got.Paid != 500 || got.Bonus != 50 || got.Total != 550 {
				t.Errorf("%+v", got)
			}
		})
		t.Run("a purchase opens the post, charges once and stays in the library", func(t *testing.T) {
			bought, err := fan.buy(paid.ID)
			if err != nil {
				t.Fatal(err)
			}
			if bought.Wallet.Total != 520 || bought.Wallet.Bonus != 20 || bought.Purchase.Coins != 30 {
				t.Errorf("%+v", bought)
			}
			if _, err := fan.buy(paid.ID); code(err) != "wallet.already-owned" {
				t.Error("buying again:", err)
			}
			wrong := 1 + paid.PriceCoins
			_, err = fan.PurchasePostWithResponse(t.Context(), paid.ID, &api.PurchasePostParams{IdempotencyKey: sajin.NewKey()}, api.NewPurchase{PriceCoins: &wrong})
			if code(err) != "wallet.already-owned" {
				t.Error("buying again, whatever else is wrong:", err)
			}
			if got := fan.wallet(); got.Total != 520 {
				t.Errorf("buying again charged: %+v", got)
			}
			got := read(t, fan.Client, paid.ID)
			if got.Locked || !got.Purchased {
				t.Fatalf("%+v", got)
			}
			full := got.Media[0].Renditions[len(got.Media[0].Renditions)-2]
			body, err := fan.Open(t.Context(), full.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			picture, _, err := image.Decode(body)
			if err != nil || picture.Bounds().Dx() != 640 {
				t.Errorf("%v, %v", picture, err)
			}
			library, err := fan.ListLibraryWithResponse(t.Context(), nil)
			if err != nil || len(library.JSON200.Items) != 1 || library.JSON200.Items[0].Post.ID != paid.ID {
				t.Errorf("%+v, %v", library, err)
			}
		})
		t.Run("nobody pays another price than the one that was shown", func(t *testing.T) {
			shown, raised := int64(30), int64(300)
			other := creator.publish(priced(shown))
			if _, err := creator.EditPostWithResponse(t.Context(), other.ID, nil, api.EditedPost{PriceCoins: &raised}); err != nil {
				t.Fatal(err)
			}
			_, err := fan.PurchasePostWithResponse(t.Context(), other.ID, &api.PurchasePostParams{IdempotencyKey: sajin.NewKey()}, api.NewPurchase{PriceCoins: &shown})
			if problem, ok := errors.AsType[*sajin.Error](err); !ok || problem.Code != "wallet.price-changed" || problem.Details["price_coins"] != 300.0 {
				t.Errorf("%+v", err)
			}
			if got := fan.wallet(); got.Total != 520 {
				t.Errorf("charged: %+v", got)
			}
		})
		t.Run("unsubscribing empties the inbox and leaves the library", func(t *testing.T) {
			if _, err := fan.UnsubscribeWithResponse(t.Context(), creator.account.Handle); err != nil {
				t.Fatal(err)
			}
			if got := inbox(t, fan.Client); len(got) != 0 {
				t.Errorf("inbox %v", ids(got))
			}
			if got := read(t, fan.Client, paid.ID); got.Locked {
				t.Error("what was bought stays open")
			}
		})
		t.Run("the creator has earned the price less the fee, and sees the sale", func(t *testing.T) {
			earned, err := creator.GetEarningsWithResponse(t.Context())
			if err != nil || earned.JSON200.Pending != 24 {
				t.Errorf("%+v, %v", earned, err)
			}
			w.eventually("the sale is counted", func() bool {
				sales := read(t, creator.Client, paid.ID).Counts.Sales
				return sales != nil && *sales == 1
			})
		})
		t.Run("everything is there after a restart", func(t *testing.T) {
			w.down()
			w.up()
			again := w.stranger()
			if _, err := again.SignInWith(t.Context(), string(fan.account.Email), password); err != nil {
				t.Fatal(err)
			}
			if got := read(t, again, paid.ID); got.Locked || !got.Purchased {
				t.Errorf("%+v", got)
			}
		})
	})
}

func (m *member) follow(creator *member) {
	m.w.t.Helper()
	_, err := m.SubscribeWithResponse(m.w.t.Context(), creator.account.Handle)
	m.w.must(err)
}

func (m *member) buy(post uuid.UUID) (*api.Purchase, error) {
	resp, err := m.PurchasePostWithResponse(m.w.t.Context(), post, &api.PurchasePostParams{IdempotencyKey: sajin.NewKey()}, api.NewPurchase{})
	if err != nil {
		return nil, err
	}
	return resp.JSON201, nil
}

func (m *member) wallet() api.Wallet {
	m.w.t.Helper()
	resp, err := m.GetWalletWithResponse(m.w.t.Context())
	m.w.must(err)
	return *resp.JSON200
}

func read(t *testing.T, client *sajin.Client, id uuid.UUID) api.Post {
	t.Helper()
	resp, err := client.GetPostWithResponse(t.Context(), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	return *resp.JSON200
}

func mainPage(t *testing.T, client *sajin.Client) []api.Post {
	t.Helper()
	resp, err := client.ListPostsWithResponse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp.JSON200.Items
}

func inbox(t *testing.T, client *sajin.Client) []api.Post {
	t.Helper()
	resp, err := client.ListInboxWithResponse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp.JSON200.Items
}

func ids(posts []api.Post) []uuid.UUID {
	all := make([]uuid.UUID, len(posts))
	for i, post := range posts {
		all[i] = post.ID
	}
	return all
}

func code(err error) string {
	if problem, ok := errors.AsType[*sajin.Error](err); ok {
		return problem.Code
	}
	return ""
}

// topUp buys a pack and waits for its coins. webhook is when the provider tells:
// now, late or never; the page asks as well then.
func (m *member) topUp(pack string, webhook api.SandboxAttemptWebhook) {
	m.w.t.Helper()
	resp, err := m.StartTopUpWithResponse(m.w.t.Context(), &api.StartTopUpParams{IdempotencyKey: sajin.NewKey()}, api.NewTopUp{PackID: pack})
	m.w.must(err)
	id := resp.JSON201.ID
	m.w.must(m.PlaySandbox(m.w.t.Context(), *resp.JSON201, api.SandboxAttemptOutcomeSucceeded, webhook))
	if webhook == api.SandboxAttemptWebhookNever {
		_, err := m.ConfirmTopUpWithResponse(m.w.t.Context(), id)
		m.w.must(err)
	}
	m.w.eventually("the top-up is paid", func() bool {
		resp, err := m.GetTopUpWithResponse(m.w.t.Context(), id, nil)
		m.w.must(err)
		return resp.JSON200.Status == api.TopUpStatusPaid
	})
}
