package media

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/jobs"
	processors "github.com/sajin-sns/sajin/ports/media"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Processing makes renditions of files that have arrived.
type Processing struct {
	Tx         tx.Runner
	Media      store.Media
	Uploads    store.Uploads
	Blobs      blob.Store
	Queue      jobs.Queue
	Outbox     event.Outbox
	Processors []processors.Processor
	Now        func() time.Time
	TempDir    string // for originals that cannot be read in any order where they are kept; "": the system's
}

// Types lists what the processors can process, for Limits.
func Types(all []processors.Processor) []string {
	var types []string
	for _, p := range all {
		types = append(types, p.Types()...)
	}
	return types
}

// Worker is the worker of KindProcess.
func (s *Processing) Worker() jobs.Worker {
	return jobs.Worker{Kind: KindProcess, Run: s.run, GiveUp: s.giveUp}
}

func (s *Processing) run(ctx context.Context, l jobs.Lease) error {
	m, err := s.begin(ctx, l)
	if err == nil {
		err = s.attempt(ctx, l, m)
	}
	switch {
	case errors.Is(err, errOver):
		return nil
	case permanent(err):
		return s.giveUp(ctx, l, err) // a bad file is no trouble of the operator's: the job is done
	case err != nil:
		_ = s.Media.Progress(context.WithoutCancel(ctx), m.ID, m.Attempt, "waiting", 0) // a courtesy
	}
	return err
}

func (s *Processing) attempt(ctx context.Context, l jobs.Lease, m media.Record) error {
	product, err := s.make(ctx, l, m)
	if err != nil {
		return err
	}
	failpoint.Hit("media.renditions.put")
	err = s.step(ctx, l, true, func(m *media.Medium) error { return m.Finish(product, s.Now()) })
	failpoint.Hit("media.processed")
	return err
}

// make turns the original into stored renditions.
func (s *Processing) make(ctx context.Context, l jobs.Lease, m media.Record) (media.Product, error) {
	var product media.Product
	upload, err := s.Uploads.OfMedium(ctx, m.ID)
	if err != nil {
		return product, err
	}
	src, err := openOriginal(ctx, s.Blobs, m.Original, s.TempDir)
	if err != nil {
		return product, err
	}
	defer src.Close()
	if err := src.verify(m.Size, upload.Record().SHA256); err != nil {
		return product, err
	}
	processor, facts, err := s.inspect(ctx, src)
	if err != nil {
		return product, err
	}
	err = s.step(ctx, l, false, func(m *media.Medium) error { return m.Inspected(factsOf(facts), s.Now()) })
	if err != nil {
		return product, err
	}
	result, err := processor.Process(ctx, src, s.reporter(ctx, m))
	if err != nil {
		return product, inFile(err)
	}
	product = media.Product{
		SHA256: src.sha256, Facts: factsOf(result.Facts),
		Placeholder: media.Placeholder{Blurhash: result.Placeholder.Blurhash, Dominant: result.Placeholder.Dominant},
	}
	for _, r := range result.Renditions {
		key := media.RenditionKey(m.ID, r.Name, r.Extension, r.Data)
		if err := s.Blobs.Put(ctx, key, bytes.NewReader(r.Data), int64(len(r.Data)), r.ContentType); err != nil {
			return product, storage("put rendition", err)
		}
		failpoint.Hit("media.rendition.put")
		product.Renditions = append(product.Renditions, media.Rendition{
			Name: r.Name, Preview: r.Name == processors.Preview, Key: key,
			ContentType: r.ContentType, Width: r.Width, Height: r.Height, Size: int64(len(r.Data)),
		})
	}
	return product, nil
}

// inspect asks one processor after the other until one knows the file.
func (s *Processing) inspect(ctx context.Context, src processors.Source) (processors.Processor, processors.Facts, error) {
	for _, p := range s.Processors {
		facts, err := p.Inspect(ctx, src)
		if !errors.Is(err, processors.ErrUnsupported) {
			return p, facts, inFile(err)
		}
	}
	return nil, processors.Facts{}, inFile(processors.ErrUnsupported)
}

func factsOf(f processors.Facts) media.Facts {
	return media.Facts{Kind: string(f.Kind), ContentType: f.ContentType, Width: f.Width, Height: f.Height, Duration: f.Duration}
}

// begin starts an attempt, or ends the job if there is nothing to do.
func (s *Processing) begin(ctx context.Context, l jobs.Lease) (media.Record, error) {
	var record media.Record
	err := s.step(ctx, l, false, func(m *media.Medium) error {
		if !m.Begin(s.Now()) {
			return errOver
		}
		record = m.Record()
		return nil
	})
	return record, err
}

// reporter notes progress, about once a second at most.
func (s *Processing) reporter(ctx context.Context, m media.Record) processors.Stage {
	var mu sync.Mutex
	last := s.Now()
	return func(stage string, percent int) {
		mu.Lock()
		defer mu.Unlock()
		now := s.Now()
		if now.Sub(last) < time.Second {
			return
		}
		last = now
		_ = s.Media.Progress(ctx, m.ID, m.Attempt, stage, min(max(percent, 0), 100)) // a courtesy: work goes on without it
	}
}
