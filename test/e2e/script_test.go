package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTheScriptForTwoServers has the script for trying out check itself: the
// main job through one server, that one killed, and again through the other.
func TestTheScriptForTwoServers(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("", "two") // not t.TempDir: PostgreSQL's socket needs a short path, and its user a way to it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o711); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "../../scripts/two-servers", "--check")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it clears up
	cmd.WaitDelay = 20 * time.Second
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SAJIN_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "TMPDIR="+folder)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "both work") {
		t.Fatalf("%v\n%s", err, out)
	}
	left, err := filepath.Glob(filepath.Join(folder, "sajin-two-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("%q are left, %v", left, err)
	}
}
