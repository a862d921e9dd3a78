package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
)

type doctorCmd struct {
	JSON bool `help:"Print the findings as JSON."`
}

func (cmd doctorCmd) Run(ctx context.Context, g *globals) error {
	return cmd.examine(ctx, os.Stdout, config.Sources{File: g.Config, Environ: os.Environ()})
}

var errUnwell = errors.New("there are problems to solve")

// examine prints what is found, and fails if there is a problem.
func (cmd doctorCmd) examine(ctx context.Context, w io.Writer, from config.Sources) error {
	findings := diagnose(ctx, from)
	if cmd.JSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		if err := out.Encode(findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintf(w, "%-8s %-20s %s\n", f.Status, f.Check, f.Detail)
			if f.Remedy != "" {
				fmt.Fprintf(w, "%-8s %-20s -> %s\n", "", "", f.Remedy)
			}
		}
	}
	if slices.ContainsFunc(findings, func(f server.Finding) bool { return f.Status == server.Problem }) {
		return errUnwell
	}
	return nil
}

// diagnose goes on with a configuration that is not right as far as it can be read.
func diagnose(ctx context.Context, from config.Sources) []server.Finding {
	c, err := config.Load(from)
	if err != nil {
		return misconfigured(err)
	}
	findings := []server.Finding{{Check: "configuration", Status: server.Fine, Detail: "env: " + c.Env}}
	if err := c.Validate(server.Providers()); err != nil {
		findings = misconfigured(err)
	}
	return append(findings, server.Diagnose(ctx, c, server.Options{Version: versionText()})...)
}

// misconfigured has a line for each key that is not right.
func misconfigured(err error) (findings []server.Finding) {
	problems, ok := errors.AsType[config.Problems](err)
	if !ok {
		return []server.Finding{{Check: "configuration", Status: server.Problem, Detail: err.Error(), Remedy: "correct the file that --config names"}}
	}
	for _, p := range problems {
		findings = append(findings, server.Finding{Check: "configuration", Status: server.Problem, Detail: p.Error(), Remedy: "see docs/configuration.md"})
	}
	return findings
}
