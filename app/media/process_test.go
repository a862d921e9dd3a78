package media_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/app/media"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/jobs"
	processors "github.com/sajin-sns/sajin/ports/media"
)

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func TestProcessing(t *testing.T) {
	t.Run("a file becomes renditions that are stored before they are named", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.ready()
		r := s.record(ticket.MediaID)
		jpeg := func(name string, preview bool, width int) rules.Rendition {
			data := []byte(name + " of " + strings.ToUpper(string(file)))
			return rules.Rendition{
				Name: name, Preview: preview, Key: "renditions/" + ticket.MediaID.String() + "/" + name + "-" + digest(data)[:16] + ".jpg",
				ContentType: "image/jpeg", Width: width, Height: width * 3 / 4, Size: int64(len(data)),
			}
		}
		want := rules.Product{
			SHA256: digest(file), Facts: rules.Facts{Kind: "photo", ContentType: "image/png", Width: 40, Height: 30},
			Placeholder: rules.Placeholder{Blurhash: "LKO2", Dominant: "#0000ff"},
			Renditions:  []rules.Rendition{jpeg("w320", false, 40), jpeg("preview", true, 20)},
		}
		if diff := cmp.Diff(want, r.Product); diff != "" {
			t.Error(diff)
		}
		info, err := s.blobs.Stat(t.Context(), want.Renditions[0].Key)
		s.must(err)
		if info.ContentType != "image/jpeg" || info.Size != want.Renditions[0].Size {
			t.Errorf("%+v", info)
		}
		if info, err := s.blobs.Stat(t.Context(), r.Original); err != nil || info.ContentType != "application/octet-stream" {
			t.Errorf("the original is %+v: %v", info, err)
		}
		if s.events("media.medium.ready.v1") != 1 || s.queued(media.KindProcess) != 0 {
			t.Error("it is not told once that it is ready")
		}
		s.whole()
	})
	t.Run("the announced hash is held to, in either case", func(t *testing.T) {
		s := newStudio(t)
		for sum, want := range map[string]rules.Failure{
			strings.ToUpper(digest(file)): {},
			digest([]byte("another")):     {Code: "media.hash-mismatch"},
		} {
			offer := s.offer()
			offer.SHA256 = sum
			ticket, err := s.taking(s.plain()).Create(t.Context(), s.owner, offer)
			s.must(err)
			s.send(ticket)
			_, err = s.taking(s.plain()).Complete(t.Context(), s.owner, ticket.ID)
			s.must(err)
			s.drain(s.plain())
			if r := s.record(ticket.MediaID); r.Failure != want {
				t.Errorf("%+v, want %+v", r.Failure, want)
			}
		}
	})
	t.Run("so is the announced size", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.received()
		s.must(s.blobs.Put(t.Context(), rules.OriginalKey(ticket.MediaID), strings.NewReader("short"), 5, ""))
		s.drain(s.plain())
		if r := s.record(ticket.MediaID); r.Failure != (rules.Failure{Code: "media.size-mismatch"}) {
			t.Errorf("%+v", r.Failure)
		}
	})
	t.Run("what is wrong with the file ends it at once and for good", func(t *testing.T) {
		for _, cause := range []error{
			processors.ErrUnsupported, processors.ErrCorrupt, processors.ErrTooLarge, processors.ErrDimensions, processors.ErrFrames, processors.ErrTooLong,
			fmt.Errorf("decode: %w", processors.ErrCorrupt.Because(errors.New("bad marker"))),
		} {
			for where, set := range map[string]func(p *processor){
				"inspecting": func(p *processor) { p.inspects = cause }, "processing": func(p *processor) { p.processes = cause },
			} {
				s := newStudio(t)
				set(s.processor)
				ticket := s.received()
				runs := s.drain(s.plain())
				r := s.record(ticket.MediaID)
				code, _, _ := strings.Cut(strings.TrimPrefix(cause.Error(), "decode: "), ":")
				if runs != 1 || r.State != rules.Failed || r.Failure != (rules.Failure{Code: code}) {
					t.Errorf("%s, %v: %d runs, %s with %+v", where, cause, runs, r.State, r.Failure)
				}
				if s.events("media.medium.failed.v1") != 1 || s.events("media.medium.ready.v1") != 0 || s.queued(media.KindProcess) != 0 {
					t.Errorf("%s, %v: it is not told once", where, cause)
				}
				s.is(s.keeping().Retry(t.Context(), s.owner, ticket.MediaID), rules.ErrNotRetryable)
			}
		}
	})
	t.Run("a file that is not what its sender says is what its bytes are", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create() // an image/png, so it says
		uploads := s.taking(s.plain())
		for _, p := range ticket.Parts {
			_, err := uploads.Put(t.Context(), ticket.ID, p.Number, strings.NewReader(strings.Repeat("<", int(p.Size))), p.Size)
			s.must(err)
		}
		_, err := uploads.Complete(t.Context(), s.owner, ticket.ID)
		s.must(err)
		s.drain(s.plain())
		if r := s.record(ticket.MediaID); r.Failure != (rules.Failure{Code: "media.type-unsupported"}) {
			t.Errorf("%+v", r.Failure)
		}
	})
	t.Run("what may pass is tried again, then given up until its owner asks", func(t *testing.T) {
		s := newStudio(t)
		s.processor.processes = errors.New("out of memory")
		ticket := s.received()
		if runs := s.drain(s.plain()); runs != jobs.MaxAttempts {
			t.Errorf("%d runs", runs)
		}
		r := s.record(ticket.MediaID)
		if r.State != rules.Failed || r.Failure != (rules.Failure{Code: "media.processing-failed", Retryable: true}) || r.Attempt != jobs.MaxAttempts {
			t.Errorf("%s, attempt %d, %+v", r.State, r.Attempt, r.Failure)
		}
		s.processor.processes = nil
		s.must(s.keeping().Retry(t.Context(), s.owner, ticket.MediaID))
		s.is(s.keeping().Retry(t.Context(), s.owner, ticket.MediaID), rules.ErrNotRetryable)
		s.drain(s.plain())
		if r := s.record(ticket.MediaID); r.State != rules.Ready || r.Attempt != jobs.MaxAttempts+1 {
			t.Errorf("%s, attempt %d", r.State, r.Attempt)
		}
	})
	t.Run("a storage that does not answer may pass", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.received()
		s.drain(outfit{s.db, &brokenBlobs{Store: s.blobs, put: blob.ErrFull}})
		if r := s.record(ticket.MediaID); !r.Failure.Retryable {
			t.Errorf("%+v", r.Failure)
		}
	})
	t.Run("progress is told about once a second, and between attempts that it waits", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.received()
		var seen []string
		look := func() {
			view, err := s.keeping().Get(t.Context(), s.owner, ticket.MediaID)
			s.must(err)
			seen = append(seen, fmt.Sprintf("%s %s %d", view.State, view.Stage, view.Progress))
		}
		s.processor.processes = errors.New("it may pass")
		s.processor.during = func(report processors.Stage) {
			look()
			report("decoding", 10)
			look()
			s.clock.pass(time.Second)
			report("resizing", 60)
			look()
			report("encoding", 70)
			look()
			s.clock.pass(time.Second)
			report("encoding", 700)
			look()
		}
		l, _ := s.claim(media.KindProcess)
		if err := s.workers(s.plain())[media.KindProcess].Run(t.Context(), l); err == nil {
			t.Error("it did not fail")
		}
		look()
		want := []string{
			"processing processing 0", "processing processing 0", "processing resizing 60", "processing resizing 60", "processing encoding 100",
			"processing waiting 0",
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("what can only be read from one end to the other is copied, and the copy goes", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.received()
		s.drain(outfit{s.db, &streamBlobs{s.blobs}})
		if r := s.record(ticket.MediaID); r.State != rules.Ready || r.SHA256 != digest(file) {
			t.Errorf("%s %s: %+v", r.State, r.SHA256, r.Failure)
		}
		left, err := os.ReadDir(s.temp)
		s.must(err)
		if len(left) != 0 {
			t.Errorf("%d copies are still there", len(left))
		}
	})
}

func TestWorkersDie(t *testing.T) {
	run := func(s *studio, o outfit) error {
		l, ok := s.claim(media.KindProcess)
		if !ok {
			s.t.Fatal("there is no job")
		}
		return s.workers(o)[media.KindProcess].Run(s.t.Context(), l)
	}
	t.Run("a worker that dies anywhere is followed by another one", func(t *testing.T) {
		var whole []string
		everywhere(t, func(t *testing.T, at int) *death {
			s := newStudio(t)
			ticket := s.received()
			o, d := s.mortal(at)
			if err := run(s, o); (err == nil) == d.dead {
				t.Errorf("dead: %t, and it answers %v", d.dead, err)
			}
			s.whole()
			s.clock.pass(2 * lease)
			s.drain(s.plain())
			r := s.record(ticket.MediaID)
			if r.State != rules.Ready || s.events("media.medium.ready.v1") != 1 || s.queued(media.KindProcess) != 0 {
				t.Errorf("%s, %d events, %d jobs", r.State, s.events("media.medium.ready.v1"), s.queued(media.KindProcess))
			}
			s.whole()
			keys := s.objects()
			for i := range keys {
				keys[i] = strings.Replace(keys[i], ticket.MediaID.String(), "id", 1)
			}
			if whole == nil {
				whole = keys
			}
			if !slices.Equal(keys, whole) {
				t.Errorf("it left %v, not %v", keys, whole)
			}
			return d
		})
	})
	t.Run("a worker that lost its lease changes nothing", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.received()
		s.processor.during = func(processors.Stage) {
			s.processor.during = nil
			s.clock.pass(2 * lease)
			if runs := s.drain(s.plain()); runs != 1 { // by somebody else
				t.Errorf("%d runs", runs)
			}
		}
		s.is(run(s, s.plain()), jobs.ErrLeaseLost)
		r := s.record(ticket.MediaID)
		if r.State != rules.Ready || r.Attempt != 2 || r.Stage != "" || s.events("media.medium.ready.v1") != 1 {
			t.Errorf("%s in attempt %d, stage %q, %d events", r.State, r.Attempt, r.Stage, s.events("media.medium.ready.v1"))
		}
	})
	t.Run("nor does one that begins when others have", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.received()
		worker := s.workers(s.plain())[media.KindProcess]
		old, _ := s.claim(media.KindProcess)
		s.clock.pass(2 * lease)
		fresh, _ := s.claim(media.KindProcess)
		s.is(worker.Run(t.Context(), old), jobs.ErrLeaseLost)
		if r := s.record(ticket.MediaID); r.State != rules.Received || r.Attempt != 0 {
			t.Errorf("it is %s in attempt %d", r.State, r.Attempt)
		}
		s.must(worker.Run(t.Context(), fresh))
	})
	t.Run("nor does one that gives up what others do", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.received()
		old, _ := s.claim(media.KindProcess)
		s.clock.pass(2 * lease)
		if _, ok := s.claim(media.KindProcess); !ok {
			t.Fatal("the job cannot be claimed again")
		}
		s.is(s.workers(s.plain())[media.KindProcess].GiveUp(t.Context(), old, errors.New("too slow")), jobs.ErrLeaseLost)
		if r := s.record(ticket.MediaID); r.State != rules.Received {
			t.Errorf("it is %s", r.State)
		}
	})
	t.Run("a medium that was ready before the job ended is left alone", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.ready()
		s.must(s.jobs.Enqueue(t.Context(), jobs.Job{Kind: media.KindProcess, Subject: ticket.MediaID, Owner: s.owner}))
		if runs := s.drain(s.plain()); runs != 1 || s.record(ticket.MediaID).Attempt != 1 {
			t.Errorf("%d runs, attempt %d", runs, s.record(ticket.MediaID).Attempt)
		}
		s.must(s.jobs.Enqueue(t.Context(), jobs.Job{Kind: media.KindProcess, Subject: ticket.MediaID, Owner: s.owner}))
		l, _ := s.claim(media.KindProcess)
		s.must(s.workers(s.plain())[media.KindProcess].GiveUp(t.Context(), l, errors.New("x")))
		if s.record(ticket.MediaID).State != rules.Ready || s.queued(media.KindProcess) != 0 {
			t.Error("it was given up")
		}
	})
	t.Run("what is deleted while it is processed leaves nothing", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.received()
		s.processor.during = func(processors.Stage) {
			s.must(s.keeping().Delete(t.Context(), s.owner, ticket.MediaID))
			l, _ := s.claim(media.KindDiscard) // the bytes are removed before the renditions are there
			s.must(s.workers(s.plain())[media.KindDiscard].Run(t.Context(), l))
		}
		s.must(run(s, s.plain()))
		if s.queued(media.KindProcess) != 0 || s.queued(media.KindDiscard) != 1 {
			t.Errorf("%d jobs, %d to throw away", s.queued(media.KindProcess), s.queued(media.KindDiscard))
		}
		s.drain(s.plain())
		if left := s.objects(); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
		if s.events("media.medium.ready.v1") != 0 {
			t.Error("it became ready")
		}
	})
}

// streamBlobs answers objects that are read as buckets are: in order.
type streamBlobs struct{ blob.Store }

func (b *streamBlobs) Open(ctx context.Context, key string) (blob.Object, error) {
	object, err := b.Store.Open(ctx, key)
	return streamObject{object, object.Info()}, err
}

type streamObject struct {
	io.ReadSeekCloser
	info blob.Info
}

func (o streamObject) Info() blob.Info { return o.info }
