package server

import (
	"context"
	"io"
	"log/slog"
	"os"

	"github.com/mattn/go-isatty"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/trace"
)

// NewLog makes the log that the configuration asks for.
func NewLog(c config.Log, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.Severity()}
	format := c.Format
	if format == "auto" {
		format = "json"
		if f, ok := w.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
			format = "text"
		}
	}
	if format == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// traced adds the id of the request that something is done for to each line that
// is logged with its context.
type traced struct{ slog.Handler }

func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if id := trace.ID(ctx); id != "" {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }
func (h traced) WithGroup(name string) slog.Handler       { return traced{h.Handler.WithGroup(name)} }

// logged are the requests that the configuration wants in the log.
func logged(c config.Config) httpapi.Requests {
	switch mode := c.Log.Requests; {
	case mode == "all", mode == "auto" && c.Production():
		return httpapi.AllRequests
	case mode == "none":
		return httpapi.NoRequests
	default:
		return httpapi.FailedRequests
	}
}
