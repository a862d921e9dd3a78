package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/ports/store"
)

type collectCmd struct {
	DryRun bool          `help:"Only count; change nothing."`
	Older  time.Duration `help:"How old uploads and objects of no row must be, an hour at least, in the place of media.orphan_age." placeholder:"48h"`
	Force  bool          `help:"Go on although most objects are of no row: the database is the right one, and they are to go."`
}

var errMissing = errors.New("object storage does not have what the database names; see docs/operations.md")

func (cmd collectCmd) Run(ctx context.Context, g *globals) error {
	c, err := g.load(nil)
	if err != nil {
		return err
	}
	return server.Use(ctx, c, server.Options{}, func(collector *media.Collector) error {
		r, err := collector.Collect(ctx, media.Collect{DryRun: cmd.DryRun, Force: cmd.Force, Older: cmd.Older})
		if len(r.Findings) > 0 {
			err = errors.Join(err, printReport(os.Stdout, r))
		}
		if r.Finding(store.MissingObjects).Found > 0 {
			err = errors.Join(err, errMissing)
		}
		return err
	})
}

func printReport(to io.Writer, r *media.Report) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "kind\tfound\tbytes\tremoved\t\n")
	for _, f := range r.Findings {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t\n", strings.ReplaceAll(f.Kind, "_", " "), f.Found, f.Bytes, f.Removed)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, key := range r.Missing {
		_, _ = fmt.Fprintln(to, "! missing:", key)
	}
	return nil
}
