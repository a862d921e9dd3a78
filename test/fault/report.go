package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sajin-sns/sajin/ports/failpoint"
)

// occurrence is a fault, and when the server could begin to recover from it.
type occurrence struct {
	kind string
	at   time.Time
}

// report is what came of a run.
type report struct {
	database string
	seed     uint64
	kills    int
	full     bool // long enough for every failpoint
	out      io.Writer

	faults []occurrence
	hits   map[string]int
	noDisk bool // without a small disk for the blobs
	took   time.Duration
	kept   string

	// what is wrong
	lost     []string // acknowledged, and not there
	doubled  []string // there more often than it was asked for
	violated []string // whatever else was promised

	// what was checked
	checked  int64
	acked    int64
	unheard  int64
	failed   int64 // media with a reason
	detail   string
	recovery map[string][]time.Duration // by kind, and "" for all
	never    int                        // faults after which nothing was acknowledged any more
}

func newReport(o options, s *stage, database string) *report {
	return &report{database: database, noDisk: !s.small, seed: o.Seed, kills: o.Kills, full: o.Kills >= 2*len(failpoint.Points)+10, out: o.Out, hits: map[string]int{}, recovery: map[string][]time.Duration{}}
}

func (r *report) loses(format string, args ...any) {
	r.lost = append(r.lost, fmt.Sprintf(format, args...))
}
func (r *report) doubles(format string, args ...any) {
	r.doubled = append(r.doubled, fmt.Sprintf(format, args...))
}
func (r *report) violates(format string, args ...any) {
	r.violated = append(r.violated, fmt.Sprintf(format, args...))
}

func (r *report) broken() int { return len(r.lost) + len(r.doubled) + len(r.violated) }

// progress overwrites one line of a terminal.
func (r *report) progress(n, of int) {
	if f, ok := r.out.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			_, _ = fmt.Fprintf(f, "\r%s: %d of %d faults ", r.database, n, of)
		}
	}
}

// measure takes from the history what is not about right or wrong.
func (r *report) measure(h *history, c *crowd) {
	for _, f := range r.faults {
		took, ok := h.recovered(f.at)
		if !ok {
			r.never++
			continue
		}
		r.recovery[""] = append(r.recovery[""], took)
		r.recovery[f.kind] = append(r.recovery[f.kind], took)
	}
	for _, all := range r.recovery {
		slices.Sort(all)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	r.acked, r.unheard = h.count[done], h.count[unknown]
	var text strings.Builder
	for _, op := range h.operations() {
		fmt.Fprintf(&text, "%s %d, ", op, h.done[op])
	}
	fates := c.courier.fates()
	text.WriteString("webhooks")
	for _, way := range slices.Sorted(maps.Keys(fates)) {
		fmt.Fprintf(&text, " %s %d", way, fates[way])
	}
	fmt.Fprintf(&text, ", answers lost on purpose %d", c.lost.Load())
	r.detail = text.String()
	if r.full {
		for _, point := range failpoint.Points {
			if r.hits[point] == 0 {
				r.violates("the failpoint %s was never reached", point)
			}
		}
	}
	if r.never > 0 {
		r.violates("after %d faults nothing worked any more", r.never)
	}
}

func (r *report) recovered(kind string) string {
	all := r.recovery[kind]
	at := func(q float64) time.Duration {
		return all[min(len(all)-1, int(q*float64(len(all))))].Round(time.Millisecond)
	}
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("p50 %s, p99 %s, max %s", at(0.5), at(0.99), at(1))
}

func (r *report) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	_, _ = fmt.Fprintln(out)
	line(r.database, "seed %d, %s, %d cores, %s", r.seed, r.took.Round(time.Second), runtime.NumCPU(), runtime.Version())
	line("operations", "%d acknowledged, %d attempts without an answer", r.acked, r.unheard)
	line("", "%s", r.detail)
	counts := map[string]int{}
	for _, f := range r.faults {
		counts[f.kind]++
	}
	line("kills", "%d; %d of %d failpoints reached", counts[killAnywhere]+counts[killAtPoint], len(r.hits), len(failpoint.Points))
	line("recovery", "%s", r.recovered(""))
	for _, kind := range []string{killAnywhere, killAtPoint, restartDB, dropConns, halfOpen, fullDisk, pauseProcess} {
		if counts[kind] > 0 {
			line("  "+kind, "%d: %s", counts[kind], r.recovered(kind))
		}
	}
	if r.noDisk {
		line("  "+fullDisk, "left out: only root may give the blobs a small disk")
	}
	line("checked", "%d acknowledged effects; %d media failed with a reason", r.checked, r.failed)
	line("lost", "%s", r.zero(r.lost))
	line("duplicated", "%s", r.zero(r.doubled))
	line("violations", "%s", r.zero(r.violated))
	line("again", "go run ./test/fault -database %s -kills %d -seed %d", r.database, r.kills, r.seed)
	_ = w.Flush()
	for name, all := range map[string][]string{"lost": r.lost, "twice": r.doubled, "wrong": r.violated} {
		for n, problem := range all {
			if n == 20 {
				_, _ = fmt.Fprintf(out, "! %s: and %d more\n", name, len(all)-n)
				break
			}
			_, _ = fmt.Fprintf(out, "! %s: %s\n", name, problem)
		}
	}
	if r.kept != "" {
		_, _ = fmt.Fprintln(out, "history and log are in", r.kept)
	}
}

// zero says what seeing nothing is worth: the rule of three.
func (r *report) zero(problems []string) string {
	if len(problems) > 0 || r.checked == 0 {
		return fmt.Sprintf("%d of %d", len(problems), r.checked)
	}
	return fmt.Sprintf("0 of %d (95 %% upper bound %.2g)", r.checked, 3/float64(r.checked))
}
