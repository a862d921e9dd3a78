package main

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// What becomes of an attempt at an operation.
const (
	invoked = "invoked" // for the first time, or again
	done    = "done"    // acknowledged: it is there for good
	refused = "refused" // for a reason that trying again does not change
	unknown = "unknown" // nobody has heard: it may have been done or not
)

// entry is a line of the history.
type entry struct {
	At   time.Time `json:"at"`
	Op   string    `json:"op"`
	Who  string    `json:"who"`
	What string    `json:"what"` // so that the lines of one operation can be told
	Did  string    `json:"did"`
	Note string    `json:"note,omitempty"` // the answer, or why there is none
}

// history is everything that people asked for, and what they were told, in the
// order of time. Nothing is ever taken out of it.
type history struct {
	file *os.File

	mu       sync.Mutex
	out      *bufio.Writer
	count    map[string]int64 // by what became of it
	done     map[string]int64 // by operation
	answered []interval
}

// interval is an attempt that was acknowledged.
type interval struct{ began, ended time.Time }

func newHistory(path string) (*history, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &history{file: f, out: bufio.NewWriter(f), count: map[string]int64{}, done: map[string]int64{}}, nil
}

func (h *history) write(e entry, began time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count[e.Did]++
	if e.Did == done {
		h.done[e.Op]++
		h.answered = append(h.answered, interval{began, e.At})
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, _ = h.out.Write(append(line, '\n'))
	}
}

func (h *history) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.out.Flush()
	_ = h.file.Close()
}

// recovered is how long after a moment something was acknowledged that was
// asked for since; false if nothing was.
func (h *history) recovered(since time.Time) (time.Duration, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	best := time.Duration(-1)
	for _, i := range h.answered {
		if i.began.Before(since) {
			continue
		}
		if took := i.ended.Sub(since); best < 0 || took < best {
			best = took
		}
	}
	return best, best >= 0
}

func (h *history) operations() []string { return slices.Sorted(maps.Keys(h.done)) }
