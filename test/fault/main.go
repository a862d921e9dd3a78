// Command fault shows that sajin keeps its promises when what it runs on does
// not. It builds the server with its failpoints, starts it on a database, sets
// people upon it through the SDK who sign up, upload, publish, subscribe, top up
// and buy, and meanwhile, as a seed has it, kills the server at random moments
// and at every failpoint, restarts the database, breaks and silences their
// connections, fills the disk, and pauses a process while another one takes
// over. In the end it holds the server to everything that it has acknowledged.
//
//	make fault
//	go run ./test/fault -database sqlite -kills 50 -seed 7
//
// It ends with 1 if anything was lost, was done twice, or does not add up.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

type options struct {
	Databases string
	Kills     int
	Seed      uint64
	Creators  int
	Fans      int
	Keep      string // folder for the log and the history; "": they are kept only if something is wrong
	Binary    string // "": it is built
	Out       io.Writer
}

func main() {
	o := options{Creators: 3, Fans: 4, Out: os.Stdout}
	flag.StringVar(&o.Databases, "database", "postgres,sqlite", "on which databases")
	flag.IntVar(&o.Kills, "kills", 200, "how often the server is killed on each of them")
	flag.Uint64Var(&o.Seed, "seed", uint64(time.Now().UnixNano()), "of an earlier run, to do the same again")
	flag.StringVar(&o.Binary, "binary", "", "server to use instead of building it, with its failpoints")
	flag.StringVar(&o.Keep, "keep", "", "folder to leave the history of operations and the log of the server in")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	violations, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fault:", err)
	}
	if err != nil || violations > 0 {
		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}

// run answers how many promises were broken.
func run(ctx context.Context, o options) (violations int, err error) {
	if o.Binary == "" {
		dir, err := os.MkdirTemp("", "sajin-fault")
		if err != nil {
			return 0, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		o.Binary = filepath.Join(dir, "sajin")
		if err := build(ctx, o.Binary, "."); err != nil {
			return 0, err
		}
	}
	for database := range strings.SplitSeq(o.Databases, ",") {
		r, err := torment(ctx, o, database)
		if err != nil {
			return violations, fmt.Errorf("%s, seed %d: %w", database, o.Seed, err)
		}
		r.print(o.Out)
		violations += r.broken()
	}
	return violations, nil
}

func build(ctx context.Context, binary, root string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "failpoint", "-o", binary, "./cmd/sajin")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}
