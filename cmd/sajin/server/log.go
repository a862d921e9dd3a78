package server

import (
	"io"
	"log/slog"
	"os"

	"github.com/mattn/go-isatty"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/config"
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
