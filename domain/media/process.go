package media

import (
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

// What can be wrong with a file beside what its processor finds.
var (
	ErrHashMismatch = fault.New(fault.Invalid, "media.hash-mismatch", "the bytes that arrived are not the announced ones: their SHA-256 is another")
	ErrSizeMismatch = fault.New(fault.Invalid, "media.size-mismatch", "the bytes that arrived are not as many as announced")
)

// ProcessingFailed is the code of what failed without the file being to blame.
const ProcessingFailed = "media.processing-failed"

// Receive records that the file is here whole.
func (m *Medium) Receive(now time.Time) error {
	if m.r.State != Receiving || m.Deleted() {
		return ErrState
	}
	m.move(Received, "", 0, now)
	return nil
}

// Begin starts an attempt at processing. One that was interrupted begins again.
// It says false when there is nothing to process (any more).
func (m *Medium) Begin(now time.Time) bool {
	switch m.r.State {
	case Received, Inspecting, Processing:
	default:
		return false
	}
	if m.Deleted() {
		return false
	}
	m.r.Attempt++
	m.move(Inspecting, "inspecting", 0, now)
	return true
}

// Inspected records what the file is, before anything was made of it.
func (m *Medium) Inspected(f Facts, now time.Time) error {
	if m.r.State != Inspecting || m.Deleted() {
		return ErrState
	}
	m.r.Facts = f
	m.move(Processing, "processing", m.r.Progress, now)
	return nil
}

// Finish makes the medium ready to be shown.
func (m *Medium) Finish(p Product, now time.Time) error {
	if m.r.State != Processing || m.Deleted() {
		return ErrState
	}
	m.r.Product = p
	m.move(Ready, "", 100, now)
	m.events = append(m.events, MediumReady{Medium: m.r.ID, Owner: m.r.Owner, Kind: p.Kind, At: now})
	return nil
}

// Fail records that no renditions come of it. It says false when the medium was
// not being processed.
func (m *Medium) Fail(f Failure, now time.Time) bool {
	switch m.r.State {
	case Received, Inspecting, Processing:
	default:
		return false
	}
	if m.Deleted() {
		return false
	}
	m.r.Failure = f
	m.move(Failed, "", 0, now)
	m.events = append(m.events, MediumFailed{Medium: m.r.ID, Owner: m.r.Owner, Failure: f, At: now})
	return true
}

// Retry has a failed medium wait for its turn again.
func (m *Medium) Retry(actor ident.AccountID, now time.Time) error {
	if err := m.own(actor); err != nil {
		return err
	}
	if m.r.State != Failed || !m.r.Failure.Retryable {
		return ErrNotRetryable
	}
	m.r.Failure = Failure{}
	m.move(Received, "", 0, now)
	return nil
}

func (m *Medium) move(to State, stage string, progress int, now time.Time) {
	m.r.State, m.r.Stage, m.r.Progress = to, stage, progress
	m.touch(now)
}
