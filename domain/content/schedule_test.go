package content_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

func scheduled(t *testing.T, in time.Duration) *content.Post {
	t.Helper()
	post := draft(t, nil)
	if err := post.Schedule(author, now.Add(in), now); err != nil {
		t.Fatal(err)
	}
	return post
}

// badField is the field that err finds fault with.
func badField(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Invalid && len(f.Fields) == 1 {
		return f.Fields[0].Path
	}
	return ""
}

func TestScheduling(t *testing.T) {
	t.Run("a scheduled post waits silently until it is due, and is then published as of that moment", func(t *testing.T) {
		post := scheduled(t, time.Hour)
		if r := post.Record(); r.State != content.Scheduled || !r.PublishAt.Equal(now.Add(time.Hour)) || len(post.Events()) != 0 {
			t.Fatalf("%+v", r)
		}
		if post.Settle(media(true, true), false, now) || post.Release(now.Add(time.Hour-time.Microsecond)) {
			t.Error("it is not due")
		}
		late := now.Add(3 * time.Hour)
		if !post.Release(late) || !post.Settle(media(true, true), false, late) {
			t.Fatal("it is due")
		}
		if r := post.Record(); r.State != content.Published || !r.PublishedAt.Equal(late) || !r.PublishAt.IsZero() || len(post.Events()) != 1 {
			t.Errorf("%+v", r)
		}
		if post.Release(late) {
			t.Error("it is published once")
		}
	})
	t.Run("a post that is due waits for its media like any other", func(t *testing.T) {
		post := scheduled(t, time.Hour)
		if !post.Release(now.Add(time.Hour)) || post.Settle(media(true, false), false, now) || post.Record().State != content.Processing {
			t.Errorf("%+v", post.Record())
		}
	})
	t.Run("the time lies in the future, and within a year", func(t *testing.T) {
		year := now.AddDate(1, 0, 0).Sub(now)
		for in, fits := range map[time.Duration]bool{
			-time.Hour: false, 0: false, time.Nanosecond: false, time.Microsecond: true, year: true, year + time.Microsecond: false,
		} {
			err := draft(t, nil).Schedule(author, now.Add(in), now)
			if (err == nil) != fits || err != nil && badField(err) != "publish_at" {
				t.Errorf("in %v: %v", in, err)
			}
		}
		if err := draft(t, nil).Schedule(author, time.Time{}, now); badField(err) != "publish_at" {
			t.Error(err)
		}
	})
	t.Run("a scheduled post has media from the start, so that nothing is missing when it is due", func(t *testing.T) {
		bare := draft(t, func(f *content.Fields) { f.Media = nil })
		if err := bare.Schedule(author, now.Add(time.Hour), now); badField(err) != "media_ids" {
			t.Error(err)
		}
		post := scheduled(t, time.Hour)
		f := post.Record().Fields
		f.Media = nil
		if err := post.Edit(author, f, categories, now); badField(err) != "media_ids" {
			t.Error(err)
		}
		f.Media = []ident.MediaID{film}
		if err := post.Edit(author, f, categories, now); err != nil || !post.Record().EditedAt.IsZero() {
			t.Error("like a draft it may change its media, and nobody hears of it:", err)
		}
	})
	t.Run("its author moves it, makes it a draft again, publishes it at once, or deletes it", func(t *testing.T) {
		post := scheduled(t, time.Hour)
		if err := post.Schedule(author, now.Add(time.Minute), now); err != nil || !post.Record().PublishAt.Equal(now.Add(time.Minute)) {
			t.Error(err)
		}
		for range 2 {
			if err := post.Unschedule(author); err != nil || post.Record().State != content.Draft || !post.Record().PublishAt.IsZero() {
				t.Error(err)
			}
		}
		post = scheduled(t, time.Hour)
		if err := post.Publish(author, media(true, true), false, now); err != nil || post.Record().State != content.Published || !post.Record().PublishAt.IsZero() {
			t.Error(err)
		}
		post = scheduled(t, time.Hour)
		if err := post.Delete(author, now); err != nil || !post.Record().PublishAt.IsZero() || post.Release(now.Add(time.Hour)) {
			t.Error(err)
		}
	})
	t.Run("what is published, or only waits for its media, is not scheduled any more", func(t *testing.T) {
		for _, ready := range []bool{true, false} {
			post := draft(t, nil)
			_ = post.Publish(author, media(true, ready), false, now)
			if err := post.Schedule(author, now.Add(time.Hour), now); !errors.Is(err, content.ErrPublished) {
				t.Error(err)
			}
			if err := post.Unschedule(author); !errors.Is(err, content.ErrPublished) {
				t.Error(err)
			}
		}
	})
	t.Run("nobody else can tell that it is there", func(t *testing.T) {
		post := scheduled(t, time.Hour)
		for _, err := range []error{
			post.Schedule(stranger, now.Add(time.Hour), now), post.Schedule(stranger, now, now), post.Unschedule(stranger),
			post.Publish(stranger, nil, false, now), post.Delete(stranger, now),
		} {
			if !errors.Is(err, content.ErrNotFound) {
				t.Error(err)
			}
		}
	})
	t.Run("every step is a new version, so that an old copy is noticed", func(t *testing.T) {
		post := draft(t, nil)
		last := post.Record().Version
		newer := func(what string) {
			if v := post.Record().Version; v <= last {
				t.Errorf("%s: version %d after %d", what, v, last)
			}
			last = post.Record().Version
		}
		_ = post.Schedule(author, now.Add(time.Hour), now)
		newer("scheduled")
		_ = post.Schedule(author, now.Add(2*time.Hour), now)
		newer("moved")
		_ = post.Unschedule(author)
		newer("a draft again")
		_ = post.Schedule(author, now.Add(time.Hour), now)
		newer("scheduled again")
		post.Release(now.Add(time.Hour))
		newer("waiting for its media")
		post.Settle(media(true, true), false, now)
		newer("published")
	})
}
