package sajintest_test

import (
	"testing"
	"time"

	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
	"github.com/sajin-sns/sajin/test/sajintest"
)

// What a test of your own may look like: a fan buys a photo, and keeps it.
func TestAFanKeepsWhatTheyBought(t *testing.T) {
	s := sajintest.Start(t)
	minji, jun := s.Member("minji"), s.Member("jun")
	jun.Give(100)

	post := minji.Publish(sajintest.Priced(30))
	_, err := jun.PurchasePostWithResponse(t.Context(), post.ID, &api.PurchasePostParams{IdempotencyKey: sajin.NewKey()}, api.NewPurchase{})
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Turn(7 * 24 * time.Hour)

	library, err := jun.ListLibraryWithResponse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if kept := library.JSON200.Items; len(kept) != 1 || kept[0].Post.ID != post.ID {
		t.Errorf("the library holds %+v", kept)
	}
	wallet, err := jun.GetWalletWithResponse(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if wallet.JSON200.Total != 70 {
		t.Errorf("%d coins are left", wallet.JSON200.Total)
	}
}
