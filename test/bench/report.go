package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// report is the tables, printed as they come about.
type report struct{ b strings.Builder }

func (t *report) text() string { return t.b.String() }

func (t *report) print(line string) {
	fmt.Fprintf(os.Stderr, "\r%70s\r", "")
	_, _ = fmt.Fprintln(os.Stdout, line)
	t.b.WriteString(line + "\n")
}

func (t *report) progress(what string) {
	fmt.Fprintf(os.Stderr, "\r%70s\r%s ...", "", what)
}

// machine says where the figures are from.
func (t *report) machine() {
	t.print(fmt.Sprintf("%s, %d cores of %s, %s, %d connections, %s", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), processor(), runtime.Version(), connections,
		runtime.GOOS+"/"+runtime.GOARCH))
}

func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "an unknown processor"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unknown processor"
}

func (t *report) heading(text string) {
	t.print("\n## " + text + "\n\n| operation | per second | p50 | p99 | limit | per second | ratio | at least |\n|---|---|---|---|---|---|---|---|")
}

func (t *report) note(text string) { t.print("| " + text + " | | | | | | | |") }

func (t *report) row(op operation, got, limit result) {
	for _, r := range []result{got, limit} {
		if r.failed != nil {
			t.print(fmt.Sprintf("| %s | FAILED: %v | | | | | | |", op.name, r.failed))
			return
		}
	}
	t.print(fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %.2f | %.2f |", op.name, per(got.rate), short(got.p50), short(got.p99), op.against, per(limit.rate), got.rate/limit.rate, op.least))
}

func per(rate float64) string {
	if rate < 100 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

func short(d time.Duration) string {
	switch {
	case d >= 100*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	default:
		return fmt.Sprintf("%d µs", d.Microseconds())
	}
}
