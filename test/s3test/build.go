package s3test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

const gateway = "github.com/versity/versitygw/cmd/versitygw"

// build answers the server's binary, and makes it if this machine has none of
// this version yet, which takes a minute. Of packages that are tested side by
// side one builds, and the others wait for it.
func build() (string, error) {
	module, err := tools()
	if err != nil {
		return "", err
	}
	wanted := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", fmt.Errorf("what the server is built of: %w", err)
		}
		_, _ = wanted.Write(text)
	}
	_, _ = fmt.Fprint(wanted, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	dir, err := cache()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "versitygw-"+hex.EncodeToString(wanted.Sum(nil)[:8]))
	unlock, err := lock(path + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	fresh := path + ".new"
	cmd := exec.Command("go", "build", "-trimpath", "-o", fresh, gateway)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly -buildvcs=false", "GOWORK=off", "PWD="+module)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build versitygw: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return path, os.Rename(fresh, path)
}

// tools is the folder of the module that names the server's version: tests run
// in the folder of their package, somewhere below the root of this module.
func tools() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		module := filepath.Join(dir, "test", "tools")
		if _, err := os.Stat(filepath.Join(module, "go.mod")); err == nil {
			return module, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("test/tools is not found: s3test is for tests within this module")
		}
		dir = parent
	}
}

// cache is where binaries are kept from one run to the next.
func cache() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	dir := filepath.Join(base, "sajin-s3test")
	return dir, os.MkdirAll(dir, 0o700)
}

func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}
