package media_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
)

func TestMediumOf(t *testing.T) {
	for key, want := range map[string]bool{
		media.OriginalKey(mediumID):                      true,
		media.RenditionKey(mediumID, "w320", "jpg", nil): true,
		media.RenditionFolder(mediumID) + "deeper/still": true,

		"":                      false,
		"originals/":            false,
		"originals/picture.jpg": false,
		"originals/" + "0300000000000000000000000000000":   false,
		"originals/0300000000-0000-0000-0000-00000000000g": false,
		"originals/0A000000-0000-0000-0000-000000000000":   false, // no key has capitals
		media.OriginalKey(mediumID) + ".bak":               false,
		media.OriginalKey(mediumID) + "/x":                 false,
		media.RenditionFolder(mediumID):                    false,
		"renditions/" + mediumID.String():                  false,
		"renditions/x/" + mediumID.String():                false,
		"avatars/" + mediumID.String():                     false,
		mediumID.String():                                  false,
	} {
		id, ok := media.MediumOf(key)
		if ok != want || ok && id != mediumID {
			t.Errorf("%q: %s, %t", key, id, ok)
		}
	}
}

func TestHolding(t *testing.T) {
	original := media.OriginalKey(mediumID)
	shown, stray := media.RenditionKey(mediumID, "w320", "jpg", []byte("a")), media.RenditionKey(mediumID, "w320", "jpg", []byte("b"))
	holding := func(change func(h *media.Holding)) media.Holding {
		h := media.Holding{ID: mediumID, State: media.Ready, Size: 100, Renditions: []media.Object{{Key: shown, Size: 9}}, UpdatedAt: start}
		change(&h)
		return h
	}
	in := func(state media.State) func(*media.Holding) {
		return func(h *media.Holding) { h.State, h.Renditions = state, nil }
	}
	for name, rule := range map[string]struct {
		holding                media.Holding
		needs                  []media.Object
		original, shown, stray bool // disowned
		longAgo                time.Duration
	}{
		"ready": {
			holding: holding(func(*media.Holding) {}),
			needs:   []media.Object{{Key: original, Size: 100}, {Key: shown, Size: 9}}, stray: true,
		},
		"on its way, it needs nothing and keeps everything": {holding: holding(in(media.Receiving))},
		"received":   {holding: holding(in(media.Received)), needs: []media.Object{{Key: original, Size: 100}}},
		"inspecting": {holding: holding(in(media.Inspecting)), needs: []media.Object{{Key: original, Size: 100}}},
		"being processed, it keeps what was made so far": {
			holding: holding(in(media.Processing)), needs: []media.Object{{Key: original, Size: 100}},
		},
		"failed for now, it may be tried again": {
			holding: holding(func(h *media.Holding) { in(media.Failed)(h); h.Retryable = true }),
			needs:   []media.Object{{Key: original, Size: 100}},
		},
		"failed for good, it keeps its original alone": {
			holding: holding(in(media.Failed)), needs: []media.Object{{Key: original, Size: 100}}, shown: true, stray: true,
		},
		"taken away just now, its bytes are being removed": {
			holding: holding(func(h *media.Holding) { h.Renditions, h.DeletedAt = nil, start }),
		},
		"taken away long ago, nothing is its": {
			holding: holding(func(h *media.Holding) { h.Renditions, h.DeletedAt = nil, start }),
			longAgo: time.Microsecond, original: true, shown: true, stray: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(rule.needs, rule.holding.Needs()); diff != "" {
				t.Error(diff)
			}
			for key, want := range map[string]bool{original: rule.original, shown: rule.shown, stray: rule.stray} {
				if got := rule.holding.Disowns(key, start.Add(rule.longAgo)); got != want {
					t.Errorf("%s is disowned: %t", key, got)
				}
			}
		})
	}
}

func TestExpire(t *testing.T) {
	later := start.Add(time.Hour)
	attached := func(m *media.Medium) *media.Medium {
		r := m.Record()
		r.Attached = true
		return media.RestoreMedium(r)
	}
	for name, rule := range map[string]struct {
		medium *media.Medium
		since  time.Time
		shown  bool
		want   bool
	}{
		"one that nothing was made of goes":    {medium: ready(t), since: later, want: true},
		"one that failed goes":                 {medium: failed(t, false), since: later, want: true},
		"one that may be tried again goes":     {medium: failed(t, true), since: later, want: true},
		"one that has changed since stays":     {medium: ready(t), since: ready(t).Record().UpdatedAt},
		"one that was attached stays":          {medium: attached(ready(t)), since: later},
		"one that is shown stays":              {medium: ready(t), since: later, shown: true},
		"one that is being processed stays":    {medium: processing(t), since: later},
		"one that waits to be processed stays": {medium: received(t), since: later},
	} {
		t.Run(name, func(t *testing.T) {
			got := rule.medium.Expire(rule.since, rule.shown, later)
			if got != rule.want || rule.medium.Deleted() != rule.want {
				t.Errorf("expired: %t, deleted: %t", got, rule.medium.Deleted())
			}
		})
	}
	t.Run("one that is gone does not go again", func(t *testing.T) {
		m := ready(t)
		must(t, m.Delete(owner, false, start))
		if m.Expire(later, false, later) || !m.Record().DeletedAt.Equal(start) {
			t.Error("it did")
		}
	})
}

func TestKeysSortByMedium(t *testing.T) {
	older, newer := ident.MediaID{0x01, 0xff}, ident.MediaID{0x02}
	if media.OriginalKey(older) >= media.OriginalKey(newer) || media.RenditionFolder(older) >= media.RenditionFolder(newer) {
		t.Error("keys and ids are in different orders")
	}
}
