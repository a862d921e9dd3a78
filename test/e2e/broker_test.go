package e2e

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/test/natstest"
)

// TestABrokerThatIsAway runs a server whose broker comes late, goes, and loses
// everything that it had.
func TestABrokerThatIsAway(t *testing.T) {
	t.Parallel()
	broker := natstest.Reserve(t, natstest.Options{})
	c := oneBackend(t)
	c.Events.URL = config.URL(broker.URL())
	w := start(t, c)
	creator, fan := w.member("creator"), w.member("fan")
	fan.follow(creator)
	db := w.database()
	var posted []uuid.UUID

	ready := func(status string, degraded ...string) {
		t.Helper()
		var got struct {
			Status   string
			Degraded []string
		}
		w.eventually("the server is "+status, func() bool {
			answer := w.ask("GET", "/readyz", "")
			return answer.status == 200 && json.Unmarshal(answer.body, &got) == nil && got.Status == status && len(got.Degraded) == len(degraded)
		})
		same(t, "degraded", got.Degraded, degraded)
	}
	// away publishes while there is no broker: people see the post, and the
	// event waits.
	away := func() {
		t.Helper()
		post := creator.post(creator.stamped())
		posted = append(posted, post.ID)
		ready("degraded", "events")
		w.eventually("it is on the main page", func() bool { return read(t, w.stranger(), post.ID).ID == post.ID })
		w.eventually("the event waits", func() bool {
			return count(t, db, `SELECT count(*) FROM outbox WHERE topic LIKE 'content.%'`) > 0
		})
		if n := len(inboxOf(fan)); n >= len(posted) {
			t.Errorf("%d of %d posts are in the inbox", n, len(posted))
		}
	}
	delivered := func() {
		t.Helper()
		w.eventually("everything is in the inbox", func() bool { return len(inboxOf(fan)) >= len(posted) })
		same(t, "the inbox", inboxOf(fan), posted)
		w.eventually("nothing waits", func() bool { return count(t, db, `SELECT count(*) FROM outbox`) == 0 })
		ready("ok")
	}

	t.Run("a server starts without it, and events flow when it comes", func(t *testing.T) {
		w.in(t)
		away()
		broker.Start()
		delivered()
	})
	t.Run("it goes away and comes back", func(t *testing.T) {
		w.in(t)
		broker.Stop()
		away()
		broker.Start()
		delivered()
	})
	t.Run("it comes back without anything that it had", func(t *testing.T) {
		w.in(t)
		broker.Stop()
		broker.Wipe()
		away()
		broker.Start()
		delivered()
	})
}
