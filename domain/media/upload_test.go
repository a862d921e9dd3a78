package media_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
)

var (
	uploadID = ident.UploadID{4}
	limits   = media.Limits{
		Types: []string{"image/jpeg", "image/png"}, MaxBytes: 1000, PartSize: 10, MaxOpen: 2, Quota: 5000, TTL: time.Hour,
	}
	offer = media.Offer{Filename: "sea.jpg", ContentType: "image/jpeg", Size: 25, Purpose: media.ForPost}
)

func open(t *testing.T) *media.Upload {
	t.Helper()
	u, _, err := media.NewUpload(uploadID, mediumID, owner, offer, limits, start)
	must(t, err)
	return u
}

func TestOffers(t *testing.T) {
	t.Run("a good offer opens an upload, and a medium that waits for it", func(t *testing.T) {
		o := media.Offer{
			Filename: " ../../etc/passwd ", ContentType: "Image/JPEG; charset=utf-8", Size: 25,
			SHA256: strings.Repeat("AB", 32), Purpose: media.ForAvatar,
		}
		u, m, err := media.NewUpload(uploadID, mediumID, owner, o, limits, start)
		must(t, err)
		want := media.UploadRecord{
			ID: uploadID, Medium: mediumID, Owner: owner, Filename: "../../etc/passwd", ContentType: "image/jpeg", Size: 25,
			SHA256: strings.Repeat("ab", 32), PartSize: 10, Key: "originals/" + mediumID.String(), State: media.UploadOpen,
			CreatedAt: start, ExpiresAt: start.Add(time.Hour),
		}
		if diff := cmp.Diff(want, u.Record()); diff != "" {
			t.Error(diff)
		}
		if r := m.Record(); r.State != media.Receiving || r.Original != want.Key || r.Size != 25 || r.Purpose != media.ForAvatar || r.Owner != owner {
			t.Errorf("%+v", r)
		}
	})
	t.Run("every bad field is refused", func(t *testing.T) {
		for name, bad := range map[string]func(o *media.Offer){
			"filename of 256":     func(o *media.Offer) { o.Filename = strings.Repeat("a", 256) },
			"filename empty":      func(o *media.Offer) { o.Filename = "  " },
			"filename control":    func(o *media.Offer) { o.Filename = "a\x00.jpg" },
			"filename overriding": func(o *media.Offer) { o.Filename = "a\u202egpj.exe" },
			"filename no text":    func(o *media.Offer) { o.Filename = "\xff" },
			"size zero":           func(o *media.Offer) { o.Size = 0 },
			"size below zero":     func(o *media.Offer) { o.Size = -1 },
			"sha256 short":        func(o *media.Offer) { o.SHA256 = "ab" },
			"sha256 no hex":       func(o *media.Offer) { o.SHA256 = strings.Repeat("zz", 32) },
			"purpose empty":       func(o *media.Offer) { o.Purpose = "" },
			"purpose other":       func(o *media.Offer) { o.Purpose = "chat" },
		} {
			o := offer
			bad(&o)
			_, _, err := media.NewUpload(uploadID, mediumID, owner, o, limits, start)
			f, ok := errors.AsType[*fault.Error](err)
			if field, _, _ := strings.Cut(name, " "); !ok || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path != field {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("all bad fields are named at once", func(t *testing.T) {
		_, _, err := media.NewUpload(uploadID, mediumID, owner, media.Offer{SHA256: "x"}, limits, start)
		if f, ok := errors.AsType[*fault.Error](err); !ok || len(f.Fields) != 4 {
			t.Errorf("%v", err)
		}
	})
	t.Run("types that cannot be processed are refused, with the ones that can", func(t *testing.T) {
		for _, contentType := range []string{"", "image/heic", "image", "image/jpeg/x", "text/html", strings.Repeat("a", 1<<16)} {
			o := offer
			o.ContentType = contentType
			_, _, err := media.NewUpload(uploadID, mediumID, owner, o, limits, start)
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Kind != fault.Unsupported || f.Code != "media.type-unsupported" || !slices.Equal(f.Details["accepted"].([]string), limits.Types) {
				t.Errorf("%.20q: %v", contentType, err)
			}
		}
	})
	t.Run("the largest file is accepted, one byte more is not", func(t *testing.T) {
		o := offer
		o.Size = 1000
		_, _, err := media.NewUpload(uploadID, mediumID, owner, o, limits, start)
		must(t, err)
		o.Size = 1001
		if _, _, err := media.NewUpload(uploadID, mediumID, owner, o, limits, start); !errors.Is(err, media.ErrTooLarge) {
			t.Error(err)
		}
	})
	t.Run("the quota is full to the byte", func(t *testing.T) {
		must(t, limits.Admit(media.Usage{Bytes: 4975, Open: 1}, 25))
		if err := limits.Admit(media.Usage{Bytes: 4976}, 25); !errors.Is(err, media.ErrQuota) {
			t.Error(err)
		}
		free := limits
		free.Quota = 0
		must(t, free.Admit(media.Usage{Bytes: 1 << 62}, 25))
	})
	t.Run("too many open uploads are refused, with when to come again", func(t *testing.T) {
		err := limits.Admit(media.Usage{Open: 2}, 1)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Kind != fault.RateLimited || f.Details["retry_after"].(int) <= 0 {
			t.Error(err)
		}
	})
}

func TestParts(t *testing.T) {
	t.Run("parts make up the file, are few enough, and all but the last are alike", rapid.MakeCheck(func(t *rapid.T) {
		l := limits
		l.MaxBytes = 1 << 50
		l.PartSize = rapid.Int64Range(1, 1<<20).Draw(t, "part size")
		o := offer
		o.Size = rapid.OneOf(rapid.Int64Range(1, 1<<12), rapid.Int64Range(1, 1<<40)).Draw(t, "size")
		u, _, err := media.NewUpload(uploadID, mediumID, owner, o, l, start)
		if err != nil {
			t.Fatal(err)
		}
		if u.Parts() < 1 || u.Parts() > media.MaxParts {
			t.Fatalf("%d parts", u.Parts())
		}
		var sum int64
		for n := 1; n <= u.Parts(); n++ {
			size, err := u.Part(n)
			if err != nil || size < 1 || n < u.Parts() && size != u.Record().PartSize {
				t.Fatalf("part %d has %d bytes: %v", n, size, err)
			}
			sum += size
		}
		if sum != o.Size || u.Record().PartSize%l.PartSize != 0 {
			t.Fatalf("parts of %d make %d of %d bytes", u.Record().PartSize, sum, o.Size)
		}
	}))
	t.Run("there are no parts beside them", func(t *testing.T) {
		for _, n := range []int{-1, 0, 4, 10_001} {
			if _, err := open(t).Part(n); !errors.Is(err, media.ErrPartNotFound) {
				t.Errorf("%d: %v", n, err)
			}
			if err := open(t).Take(n, 5, start); !errors.Is(err, media.ErrPartNotFound) {
				t.Errorf("taking %d: %v", n, err)
			}
		}
	})
	t.Run("a part is taken in its own size only", func(t *testing.T) {
		must(t, open(t).Take(1, 10, start))
		must(t, open(t).Take(3, 5, start))
		for n, size := range map[int]int64{1: 11, 3: 6} {
			if err := open(t).Take(n, size, start); !errors.Is(err, media.ErrPartTooLarge) {
				t.Errorf("part %d of %d bytes: %v", n, size, err)
			}
		}
		for n, size := range map[int]int64{1: 9, 2: 0, 3: 4} {
			if err := open(t).Take(n, size, start); !errors.Is(err, media.ErrPartSize) {
				t.Errorf("part %d of %d bytes: %v", n, size, err)
			}
		}
	})
	t.Run("what is missing has not arrived, or not in its size", func(t *testing.T) {
		for _, c := range []struct {
			arrived []media.Arrived
			want    []int
		}{
			{nil, []int{1, 2, 3}},
			{[]media.Arrived{{1, 10}, {3, 5}}, []int{2}},
			{[]media.Arrived{{3, 10}, {2, 10}, {1, 10}}, []int{3}},
			{[]media.Arrived{{3, 5}, {2, 10}, {1, 10}}, []int{}},
		} {
			if diff := cmp.Diff(c.want, open(t).Missing(c.arrived)); diff != "" {
				t.Errorf("%v: %s", c.arrived, diff)
			}
		}
	})
}

func TestUploadEnds(t *testing.T) {
	completed, aborted, expired := open(t), open(t), open(t)
	fresh, err := completed.Complete()
	if !fresh {
		t.Fatal(err)
	}
	if fresh, err = aborted.Abort(); !fresh {
		t.Fatal(err)
	}
	if !expired.Expire(start.Add(time.Hour)) {
		t.Fatal("it did not expire")
	}

	t.Run("it is open until its time is over", func(t *testing.T) {
		must(t, open(t).Open(start.Add(time.Hour-1)))
		if err := open(t).Open(start.Add(time.Hour)); !errors.Is(err, media.ErrUploadGone) {
			t.Error(err)
		}
		if open(t).Expire(start.Add(time.Hour - 1)) {
			t.Error("it expired")
		}
	})
	t.Run("an ended one takes no parts", func(t *testing.T) {
		for u, want := range map[*media.Upload]error{completed: media.ErrUploadCompleted, aborted: media.ErrUploadGone, expired: media.ErrUploadGone} {
			if err := u.Take(1, 10, start); !errors.Is(err, want) {
				t.Errorf("%s: %v", u.Record().State, err)
			}
		}
	})
	t.Run("completing and aborting again change nothing", func(t *testing.T) {
		if fresh, err := completed.Complete(); fresh || err != nil {
			t.Error(fresh, err)
		}
		for _, u := range []*media.Upload{aborted, expired} {
			before := u.Record().State
			if fresh, err := u.Abort(); fresh || err != nil || u.Record().State != before {
				t.Error(fresh, err)
			}
		}
	})
	t.Run("no end turns into another one", func(t *testing.T) {
		for _, u := range []*media.Upload{aborted, expired} {
			if _, err := u.Complete(); !errors.Is(err, media.ErrUploadGone) {
				t.Error(err)
			}
		}
		if _, err := completed.Abort(); !errors.Is(err, media.ErrUploadCompleted) {
			t.Error(err)
		}
		if completed.Expire(start.Add(48*time.Hour)) || aborted.Expire(start.Add(48*time.Hour)) {
			t.Error("it expired")
		}
	})
	t.Run("it is its owner's alone", func(t *testing.T) {
		must(t, completed.Of(owner))
		if err := completed.Of(stranger); !errors.Is(err, media.ErrUploadNotFound) {
			t.Error(err)
		}
	})
}
