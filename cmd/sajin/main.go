// Command sajin is the server of a community of photos and videos, and the
// tools of who runs it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
)

// version is set by the linker; without it the build information tells.
var version = ""

// globals are the flags of every command.
type globals struct {
	Config string `help:"File with the configuration." placeholder:"sajin.yaml" type:"path"`
}

type cli struct {
	globals

	Serve   serveCmd   `cmd:"" help:"Run the server."`
	Doctor  doctorCmd  `cmd:"" help:"Look at everything that the server stands on, and say what to do."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to the newest schema."`
	OpenAPI openapiCmd `cmd:"" name:"openapi" help:"Print the document that describes the API."`
	Admin   adminCmd   `cmd:"" help:"What an operator does by hand."`
	Conf    configCmd  `cmd:"" name:"config" help:"Print every key of the configuration with its value."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	k := kong.Parse(&c,
		kong.Name("sajin"),
		kong.Description("The server of a community of photos and videos, where some posts are free and some cost coins."),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err := k.Run(&c.globals); err != nil {
		fmt.Fprintln(os.Stderr, "sajin:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}

// load reads the configuration and refuses one that cannot work.
func (g *globals) load(flags map[string]any) (config.Config, error) {
	c, err := config.Load(config.Sources{File: g.Config, Environ: os.Environ(), Flags: flags})
	if err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	if err := c.Validate(server.Providers()); err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	return c, nil
}

type versionCmd struct{}

func (versionCmd) Run() error {
	fmt.Println("sajin", versionText())
	return nil
}

func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision := "development"
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			revision += "+"
		}
	}
	return strings.TrimSpace(revision)
}

type configCmd struct{}

func (configCmd) Run(g *globals) error {
	c, err := config.Load(config.Sources{File: g.Config, Environ: os.Environ()})
	if err != nil {
		return err
	}
	fmt.Print(config.Markdown(c.Keys()))
	return nil
}
