package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
)

// examined is what the doctor prints about an environment.
func examined(t *testing.T, cmd doctorCmd, file string, environ ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := cmd.examine(t.Context(), &out, config.Sources{File: file, Environ: append(environ, "SAJIN_DATA_DIR="+filepath.Join(t.TempDir(), "data"))})
	return out.String(), err
}

func TestDoctor(t *testing.T) {
	t.Run("without problems it succeeds, with a line for each check", func(t *testing.T) {
		out, err := examined(t, doctorCmd{}, "")
		if err != nil || !strings.Contains(out, "\nok       database ") || !strings.HasPrefix(out, "ok       configuration") {
			t.Error(err, out)
		}
	})
	t.Run("every key that is wrong is named at once, and the rest is looked at", func(t *testing.T) {
		out, err := examined(t, doctorCmd{}, "", "SAJIN_LOG_LEVEL=loud", "SAJIN_MEDIA_WORKERS=-3", "SAJIN_EVENTS_URL=amqp://host")
		if !errors.Is(err, errUnwell) {
			t.Error(err)
		}
		for _, text := range []string{"log.level must be", "media.workers must be", "events.url must be", "ok       keys "} {
			if !strings.Contains(out, text) {
				t.Errorf("no %q in\n%s", text, out)
			}
		}
	})
	t.Run("so is every key that cannot be read", func(t *testing.T) {
		out, err := examined(t, doctorCmd{}, "", "SAJIN_MEDIA_WORKERS=many", "SAJIN_UPLOADS_TTL=soon", "SAJIN_NO_SUCH=1")
		if !errors.Is(err, errUnwell) || strings.Count(out, "problem ") != 3 {
			t.Error(err, out)
		}
	})
	t.Run("so is a file that is none", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "sajin.yaml")
		if err := os.WriteFile(file, []byte("http: ["), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := examined(t, doctorCmd{}, file); !errors.Is(err, errUnwell) || !strings.Contains(out, file) {
			t.Error(err, out)
		}
	})
	t.Run("programs can read it, and no secret is in it", func(t *testing.T) {
		out, err := examined(t, doctorCmd{JSON: true}, "", "SAJIN_DATABASE_URL=postgres://sajin:hunter2@127.0.0.1:1/sajin")
		var findings []server.Finding
		if parsing := json.Unmarshal([]byte(out), &findings); parsing != nil || !errors.Is(err, errUnwell) || strings.Contains(out, "hunter2") {
			t.Fatal(parsing, err, out)
		}
		problems := 0
		for _, f := range findings {
			if f.Status == server.Problem {
				problems++
				if f.Check != "database" || f.Remedy == "" {
					t.Errorf("%+v", f)
				}
			}
		}
		if problems != 1 {
			t.Errorf("%d problems in %s", problems, out)
		}
	})
}
