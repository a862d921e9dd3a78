package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/sajin-sns/sajin/cmd/sajin/demo"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
)

type serveCmd struct {
	Listen  string   `help:"host:port to listen on." placeholder:"127.0.0.1:7777"`
	DataDir string   `help:"Folder for everything that is kept on this machine." placeholder:"./sajin-data" type:"path"`
	Roles   []string `help:"What this process does, of api, worker and media; everything by default." placeholder:"api,worker,media"`
	Demo    bool     `help:"Fill an empty database with people and posts to look at."`
}

// stopWithin is how long requests and jobs under way are waited for.
const stopWithin = 30 * time.Second

var errDemo = errors.New("--demo is not for production: everybody knows the password of the people in it")

func (cmd serveCmd) Run(ctx context.Context, g *globals) error {
	flags := map[string]any{}
	if cmd.Listen != "" {
		flags["http.listen"] = cmd.Listen
	}
	if cmd.DataDir != "" {
		flags["data_dir"] = cmd.DataDir
	}
	if len(cmd.Roles) > 0 {
		flags["roles"] = cmd.Roles
	}
	c, err := g.load(flags)
	if err != nil {
		return err
	}
	if cmd.Demo && c.Production() {
		return errDemo
	}
	log := server.NewLog(c.Log, os.Stderr)
	slog.SetDefault(log)

	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // what lives is little, and collected half as often
	}
	started := time.Now()
	s, err := server.Start(ctx, c, server.Options{Version: versionText(), Log: log})
	if err != nil {
		return err
	}
	log.Info("sajin is running", "url", s.URL, "version", versionText(), "env", c.Env, "database", c.DatabaseURL(), "blobs", c.BlobURL(), "events", cmp.Or(c.Events.URL.String(), "in process"), "roles", c.Roles, "took", time.Since(started).Round(time.Millisecond).String())
	if cmd.Demo {
		if err := fill(ctx, s); err != nil {
			log.Error("the demo is incomplete", "error", err)
		}
	}

	select {
	case err = <-s.Failed():
	case <-ctx.Done():
		log.Info("stopping")
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if stopErr := s.Stop(stopping); err == nil && stopErr != nil {
		err = fmt.Errorf("stop: %w", stopErr)
	}
	return err
}

// fill puts the demo onto a server that nobody uses yet.
func fill(ctx context.Context, s *server.Server) error {
	empty, err := s.Empty(ctx)
	if err != nil {
		return err
	}
	if !empty {
		fmt.Println("there are accounts already: the demo leaves them alone")
		return nil
	}
	return demo.Fill(ctx, s.URL, os.Stdout)
}
