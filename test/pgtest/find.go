package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// places are where distributions and Homebrew put the server's binaries.
var places = []string{
	"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/usr/local/pgsql/bin",
}

// binaries finds the newest installed server: its folder and its version.
func binaries() (dir, version string, err error) {
	var found []string
	for _, place := range places {
		match, _ := filepath.Glob(filepath.Join(place, "postgres"))
		found = append(found, match...)
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		found = append(found, filepath.Join(strings.TrimSpace(string(out)), "postgres"))
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, path)
	}
	var newest float64
	for _, path := range found {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "initdb")); err != nil {
			continue
		}
		out, err := exec.Command(path, "--version").Output() // "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
		words := strings.Fields(string(out))
		if err != nil || len(words) < 3 {
			continue
		}
		if number, err := strconv.ParseFloat(words[2], 64); err == nil && number > newest {
			newest, dir, version = number, filepath.Dir(path), words[2]
		}
	}
	if dir == "" {
		return "", "", errors.New("no PostgreSQL server is installed (postgres and initdb): `make test` installs it")
	}
	return dir, version, nil
}

// user is who the server is to run as: the one who tests, or for root the
// user postgres, or else nobody.
func user() (account, error) {
	if uid := os.Getuid(); uid != 0 {
		return account{uid: uid}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := osuser.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(found.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(found.Gid, 10, 32)
		if err != nil {
			continue
		}
		return account{uid: int(uid), credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return account{}, fmt.Errorf("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}
