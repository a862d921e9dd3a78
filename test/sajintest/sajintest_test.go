package sajintest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/config"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
	"github.com/sajin-sns/sajin/test/sajintest"
)

func TestServersKnowNothingOfEachOther(t *testing.T) {
	a, b := sajintest.Start(t), sajintest.Start(t)
	a.Member("minji").Publish()
	b.Member("minji") // the name is free here
	posts, err := b.Client.ListPostsWithResponse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(posts.JSON200.Items) != 0 {
		t.Error("one server shows what was posted to another")
	}
}

func TestWhatIsPublishedHasArrived(t *testing.T) {
	s := sajintest.Start(t)
	minji, jun := s.Member("minji"), s.Member("jun")
	if _, err := jun.SubscribeWithResponse(t.Context(), "minji"); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		post := minji.Publish()
		inbox, err := jun.ListInboxWithResponse(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if items := inbox.JSON200.Items; len(items) == 0 || items[0].ID != post.ID {
			t.Fatal("the inbox does not begin with what was just published")
		}
	}
}

func TestTurningTheClock(t *testing.T) {
	topUp := func(t *testing.T, m *sajintest.Member) api.TopUp {
		t.Helper()
		made, err := m.StartTopUpWithResponse(t.Context(), &api.StartTopUpParams{IdempotencyKey: sajin.NewKey()}, api.NewTopUp{PackID: "starter"})
		if err != nil {
			t.Fatal(err)
		}
		return *made.JSON201
	}
	status := func(t *testing.T, m *sajintest.Member, of api.TopUp) api.TopUpStatus {
		t.Helper()
		found, err := m.GetTopUpWithResponse(t.Context(), of.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		return found.JSON200.Status
	}
	t.Run("expires what nobody paid for", func(t *testing.T) {
		s := sajintest.StartWith(t, sajintest.Options{Configure: func(c *config.Config) { c.TopUps.ExpireAfter = 2 * time.Hour }})
		jun := s.Member("jun")
		top := topUp(t, jun)
		s.Clock.Turn(time.Hour)
		if got := status(t, jun, top); got == api.TopUpStatusExpired {
			t.Error("expired an hour too early")
		}
		s.Clock.Turn(90 * time.Minute)
		if got := status(t, jun, top); got != api.TopUpStatusExpired {
			t.Errorf("is %s when its time is over", got)
		}
	})
	t.Run("finds the payment of which no webhook told", func(t *testing.T) {
		s := sajintest.Start(t)
		jun := s.Member("jun")
		s.Payments.LoseWebhooks(1)
		top := topUp(t, jun)
		if err := jun.PlaySandbox(t.Context(), top, api.SandboxAttemptOutcomeSucceeded, api.SandboxAttemptWebhookNow); err != nil {
			t.Fatal(err)
		}
		s.Settle()
		if got := status(t, jun, top); got == api.TopUpStatusPaid {
			t.Error("was credited, though nobody told")
		}
		s.Clock.Turn(10 * time.Minute)
		if got := status(t, jun, top); got != api.TopUpStatusPaid {
			t.Errorf("is %s after the sweeper has asked", got)
		}
	})
}

// BenchmarkStart is a server from nothing to its first answer.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s := sajintest.Start(b)
		if _, err := s.Client.HealthWithResponse(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func TestMailArrives(t *testing.T) {
	s := sajintest.Start(t)
	minji := s.Member("minji")
	s.Settle()
	letter, ok := s.Mailbox.Last("minji@example.com")
	_, secret, found := strings.Cut(letter.Text, "/verify-email#")
	if !ok || !found {
		t.Fatalf("no link in %q", letter.Text)
	}
	secret, _, _ = strings.Cut(secret, "\n")
	if _, err := s.Client.VerifyEmailWithResponse(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	account, err := minji.GetAccountWithResponse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !account.JSON200.EmailVerified {
		t.Error("the link was followed, and the address is not verified")
	}
}
