// Command bench measures a sajin server against what its database, its disk and
// its hash can do at all. It brings up a PostgreSQL of its own that waits for
// the disk, fills it with people and posts, starts the built server on it and
// asks it for ten seconds an operation; right after each it does the same
// without the server. The ratio of the two is what says something about sajin:
// rates alone say something about the machine.
//
//	make bench
//	go run ./test/bench -only inbox,purchase -seconds 5 -database sqlite
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

type options struct {
	databases string
	only      string
	posts     int
	seconds   int
	growth    bool
	out       string
	profiles  string
}

func (o options) during() time.Duration { return time.Duration(o.seconds) * time.Second }

func (o options) wants(name string) bool {
	return o.only == "" || slices.ContainsFunc(strings.Split(o.only, ","), func(part string) bool { return strings.Contains(name, part) })
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == contentMode {
		fail(serveContent(os.Args[2]))
		return
	}
	var o options
	flag.StringVar(&o.databases, "database", "postgres,sqlite", "on which databases")
	flag.StringVar(&o.only, "only", "", "operations whose names contain one of these, separated by commas")
	flag.IntVar(&o.posts, "posts", 100_000, "posts to be there")
	flag.IntVar(&o.seconds, "seconds", 10, "for each operation, and for each limit")
	flag.BoolVar(&o.growth, "growth", true, "compare a million posts with ten thousand")
	flag.StringVar(&o.out, "out", "", "file to write the tables to, too")
	flag.StringVar(&o.profiles, "profiles", "", "folder to write a profile of the server during each operation to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fail(run(ctx, o))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	binary, clean, err := build(ctx)
	if err != nil {
		return err
	}
	defer clean()
	t := &report{}
	t.machine()
	for name := range strings.SplitSeq(o.databases, ",") {
		if err := compare(ctx, o, binary, name, t); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if o.out != "" {
		return os.WriteFile(o.out, []byte(t.text()), 0o644)
	}
	return nil
}

// compare measures every operation on one database.
func compare(ctx context.Context, o options, binary, database string, t *report) error {
	t.heading(fmt.Sprintf("%s, 1,000 users, %d posts", database, o.posts))
	s, err := raise(ctx, binary, database, crowd{Users: 1000, Posts: o.posts, Subscriptions: 200, InboxDepth: 2000, Fans: 100_000})
	if err != nil {
		return err
	}
	defer s.lower()
	t.note(fmt.Sprintf("start to first answer %s, memory when idle %d MB", s.started.Round(time.Millisecond), s.idle>>20))
	for _, op := range operations(s) {
		if !o.wants(op.name) || ctx.Err() != nil {
			continue
		}
		t.progress(database + ": " + op.name)
		if o.profiles != "" {
			file := filepath.Join(o.profiles, database+" "+op.name+".pprof")
			go func() {
				time.Sleep(time.Second) // which is the warm-up
				if err := s.profile(file, o.during()-time.Second); err != nil {
					fmt.Fprintln(os.Stderr, "bench: profile:", err)
				}
			}()
		}
		got := op.run(o.during())
		if err := s.rest(ctx); err != nil {
			return err
		}
		limit := op.limit(ctx, o.during())
		t.row(op, got, limit)
	}
	if o.growth && ctx.Err() == nil && (o.wants("inbox") || o.wants("main")) {
		s.lower()
		return grow(ctx, o, binary, database, t)
	}
	return ctx.Err()
}

// grow compares pages of a small server with those of a large one.
func grow(ctx context.Context, o options, binary, database string, t *report) error {
	t.heading(database + ", growth: the limit is the same operation at 10,000 posts")
	rates := map[string]map[int]result{}
	for _, posts := range []int{10_000, 1_000_000} {
		s, err := raise(ctx, binary, database, crowd{Users: 1000, Posts: posts, Subscriptions: 200, InboxDepth: 2000, Fans: 1})
		if err != nil {
			return err
		}
		for _, op := range operations(s) {
			if !op.grows || !o.wants(op.name) {
				continue
			}
			if rates[op.name] == nil {
				rates[op.name] = map[int]result{}
			}
			t.progress(fmt.Sprintf("%s: %s at %d posts", database, op.name, posts))
			rates[op.name][posts] = op.run(o.during())
		}
		s.lower()
	}
	for _, name := range []string{inbox, mainPage} {
		if r := rates[name]; r != nil {
			t.row(operation{name: name + " at 1,000,000 posts", least: 0.8}, r[1_000_000], r[10_000])
		}
	}
	return ctx.Err()
}
