package media

import (
	"context"
	"errors"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// errOver ends a run that has nothing (more) to do, without a fault.
var errOver = errors.New("there is nothing to process")

// step changes the medium in a transaction in which the queue speaks first: a
// worker that was too slow changes nothing. The last step takes the job off. A
// medium that is gone ends the job; if renditions were made after its bytes had
// been removed, these go as well.
func (s *Processing) step(ctx context.Context, l jobs.Lease, last bool, change func(*media.Medium) error) error {
	over := false
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		m, err := s.Media.Lock(ctx, ident.MediaID(l.Job.Subject))
		if err != nil && !errors.Is(err, media.ErrNotFound) {
			return err
		}
		if over = m == nil || m.Deleted(); over {
			return s.leave(ctx, l, m)
		}
		if err := s.hold(ctx, l, last); err != nil {
			return err
		}
		if err = change(m); errors.Is(err, errOver) {
			if over = true; last {
				return nil
			}
			return s.Queue.Finish(ctx, l)
		}
		if err != nil {
			return err
		}
		if err := s.Media.Save(ctx, m); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, m.Events()...)
	})
	if err == nil && over {
		return errOver
	}
	return err
}

// leave ends the job of a medium that is gone.
func (s *Processing) leave(ctx context.Context, l jobs.Lease, m *media.Medium) error {
	if m != nil {
		if err := s.Queue.Enqueue(ctx, discard(m)); err != nil {
			return err
		}
	}
	return s.Queue.Finish(ctx, l)
}

// hold fails unless the job is still held, and takes it off if that was the
// last step.
func (s *Processing) hold(ctx context.Context, l jobs.Lease, last bool) error {
	if last {
		return s.Queue.Finish(ctx, l)
	}
	return s.Queue.Checkpoint(ctx, l, l.Job.Payload)
}

// giveUp records that nothing comes of the file: for good if the file is to
// blame, for now if it is not.
func (s *Processing) giveUp(ctx context.Context, l jobs.Lease, cause error) error {
	failure := media.Failure{Code: media.ProcessingFailed, Retryable: true}
	if f, ok := errors.AsType[*fileFault](cause); ok {
		failure = media.Failure{Code: f.fault.Code}
	}
	err := s.step(ctx, l, true, func(m *media.Medium) error {
		if !m.Fail(failure, s.Now()) {
			return errOver
		}
		return nil
	})
	if errors.Is(err, errOver) {
		return nil
	}
	return err
}

// fileFault is a fault of the file itself: trying again will not mend it.
type fileFault struct{ fault *fault.Error }

func (f *fileFault) Error() string { return f.fault.Error() }
func (f *fileFault) Unwrap() error { return f.fault }

// inFile marks the faults that lie in the file; other errors may pass.
func inFile(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		switch f.Kind {
		case fault.Invalid, fault.Unsupported, fault.TooLarge:
			return &fileFault{f}
		default:
		}
	}
	return err
}

func permanent(err error) bool {
	_, ok := errors.AsType[*fileFault](err)
	return ok
}
