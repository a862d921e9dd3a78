package keyring

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/token"
)

const childOpens = "KEYRING_TEST_OPEN"

func TestMain(m *testing.M) {
	if path := os.Getenv(childOpens); path != "" {
		r, err := Open(path)
		if err != nil {
			panic(err)
		}
		fmt.Print(r.signer().id)
		return
	}
	os.Exit(m.Run())
}

func ids(r *Ring) []string {
	var found []string
	for _, k := range r.current().all {
		found = append(found, k.id)
	}
	return found
}

func TestOpen(t *testing.T) {
	t.Run("the file is made for its owner alone, and kept", func(t *testing.T) {
		defer syscall.Umask(syscall.Umask(0))
		path := filepath.Join(t.TempDir(), "deep", "keys.pem")
		first := ids(open(t, path))
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		if again := ids(open(t, path)); len(first) != 1 || !slices.Equal(first, again) {
			t.Errorf("%q, then %q", first, again)
		}
		if _, err := os.Stat(path + ".new"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a second copy of the secrets is left: %v", err)
		}
	})
	t.Run("of processes that start at once one makes it and all have it", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.pem")
		var all sync.WaitGroup
		said := make([]string, 12)
		for i := range said {
			all.Go(func() {
				if i%2 == 0 {
					if r, err := Open(path); err == nil {
						said[i] = r.signer().id
					}
					return
				}
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), childOpens+"="+path)
				out, _ := cmd.Output()
				said[i] = string(out)
			})
		}
		all.Wait()
		if same := slices.Compact(said); len(same) != 1 || len(same[0]) != 43 {
			t.Errorf("they have %q", same)
		}
	})
	t.Run("a file that need not be written is only read", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.pem")
		open(t, path)
		if err := os.Remove(path + ".lock"); err != nil {
			t.Fatal(err)
		}
		open(t, path)
		if _, err := os.Stat(path + ".lock"); !errors.Is(err, fs.ErrNotExist) {
			t.Error("it was locked")
		}
	})
}

func TestParse(t *testing.T) {
	k, err := generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	der, _ := x509.MarshalPKCS8PrivateKey(k.private)
	good := block("PRIVATE KEY", der)
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	other, _ := x509.MarshalPKCS8PrivateKey(p256)
	public, _ := x509.MarshalPKIXPublicKey(k.public())

	if all, err := parse([]byte("# made by openssl genpkey\n" + good + "# the one before\n" + good)); err != nil || len(all) != 2 || all[0].id != k.id {
		t.Errorf("%d keys, %v", len(all), err)
	}
	for name, text := range map[string]string{
		"empty": "", "words": "secret", "cut short": good[:len(good)-10], "second one cut short": good + good[:60], "first one damaged": strings.Replace(good, "M", "!", 1) + good,
		"a public key": block("PUBLIC KEY", public), "a key of another kind": block("PRIVATE KEY", other), "no PKCS 8": block("PRIVATE KEY", []byte("secret")),
		"a good one and another kind": good + block("PRIVATE KEY", other), "a good one and a certificate": good + block("CERTIFICATE", der), "too long": good + strings.Repeat(" ", maxFile),
	} {
		all, err := parse([]byte(text))
		if err == nil {
			t.Errorf("%s: %d keys", name, len(all))
		} else if body := strings.Split(good, "\n")[1]; strings.Contains(err.Error(), body) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells secrets: %v", name, err)
		}
	}
}

// clocked opens a ring whose clock the test turns on.
func clocked(t *testing.T, path string) (r *Ring, wait func(time.Duration)) {
	t.Helper()
	r = open(t, path)
	at := time.Now()
	r.now = func() time.Time { return at }
	r.looked.Store(at.UnixNano())
	return r, func(d time.Duration) { at = at.Add(d) }
}

func TestRotate(t *testing.T) {
	t.Run("a new key comes first, the latest three stay", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.pem")
		history := ids(open(t, path))
		for range 4 {
			rotate(t, path)
			now := ids(open(t, path))
			if slices.Contains(history, now[0]) {
				t.Fatal("the first key is not new")
			}
			history = slices.Insert(history, 0, now[0])
			if want := history[:min(3, len(history))]; !slices.Equal(now, want) {
				t.Errorf("%q, want %q", now, want)
			}
		}
	})
	t.Run("a running server takes it up within ten seconds, and tokens, links and seals go on", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.pem")
		r, wait := clocked(t, path)
		old := r.signer().id
		c := token.Claims{Account: ident.AccountID{1}, Session: ident.SessionID{2}, IssuedAt: r.now(), ExpiresAt: r.now().Add(time.Hour)}
		text, err := r.Tokens(issuer, r.now).Issue(c)
		if err != nil {
			t.Fatal(err)
		}
		u := r.Links(r.now).Sign(link.Grant{Method: "GET", Path: "/x", ExpiresAt: c.ExpiresAt})
		sealed := r.Seal("cursor", []byte("x"))
		works := func(want bool) {
			t.Helper()
			_, errToken := r.Tokens(issuer, r.now).Verify(text)
			_, errSeal := r.Unseal("cursor", sealed)
			_, errLink := r.Links(r.now).Check("GET", "/x", query(t, u), ident.AccountID{})
			for _, err := range []error{errToken, errSeal, errLink} {
				if (err == nil) != want {
					t.Errorf("%v", err)
				}
			}
		}
		for i, want := range []bool{true, true, false} {
			rotate(t, path)
			wait(10 * time.Second)
			if id := r.signer().id; id == old || id != ids(open(t, path))[0] {
				t.Errorf("after rotation %d %s signs", i, id)
			}
			works(want)
		}
	})
	t.Run("a new key does not sign before all servers can know it", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.pem")
		signs, _ := clocked(t, path)
		old := signs.signer().id
		rotate(t, path)
		r, wait := clocked(t, path)
		if r.signer().id != old {
			t.Error("it signs at once")
		}
		wait(settle - time.Second)
		verifies, waitToo := clocked(t, path)
		waitToo(lookEvery)
		if len(ids(verifies)) != 2 || r.signer().id != old {
			t.Error("it signs too early")
		}
		wait(time.Second)
		if r.signer().id == old {
			t.Error("it does not sign")
		}
	})
	t.Run("the file is not looked at more than every few seconds", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.pem")
		r, wait := clocked(t, path)
		rotate(t, path)
		wait(lookEvery - 1)
		if len(ids(r)) != 1 {
			t.Error("it was looked at")
		}
		wait(1)
		if len(ids(r)) != 2 {
			t.Error("it was not looked at")
		}
	})
	t.Run("what cannot be read does not take the keys away, and is told", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.pem")
		r, wait := clocked(t, path)
		before, text := ids(r), readFile(t, path)
		for name, damage := range map[string]func() error{
			"damaged": func() error { return os.WriteFile(path, []byte("-----BEGIN PRIVATE KEY-----\n"), 0o600) },
			"gone":    func() error { return os.Remove(path) },
		} {
			if err := damage(); err != nil {
				t.Fatal(err)
			}
			wait(10 * time.Second)
			if err := r.Err(); err == nil || !slices.Equal(ids(r), before) {
				t.Errorf("%s: %v, %q", name, err, ids(r))
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			wait(10 * time.Second)
			if err := r.Err(); err != nil || !slices.Equal(ids(r), before) {
				t.Errorf("%s, and mended: %v", name, err)
			}
		}
	})
	t.Run("rotations at once all count", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.pem")
		old := ids(open(t, path))[0]
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if err := Rotate(path); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if now := ids(open(t, path)); len(now) != 3 || now[2] != old {
			t.Errorf("%q", now)
		}
	})
	t.Run("who could read the file still can, also through a link", func(t *testing.T) {
		dir := t.TempDir()
		path, name := filepath.Join(dir, "keys.pem"), filepath.Join(dir, "current.pem")
		open(t, path)
		if err := errors.Join(os.Chmod(path, 0o640), os.Symlink(path, name), os.WriteFile(path+".new", []byte("left by a crash"), 0o600)); err != nil {
			t.Fatal(err)
		}
		uid := uint32(os.Getuid())
		if uid == 0 {
			uid = 12345
			if err := os.Chown(path, int(uid), int(uid)); err != nil {
				t.Fatal(err)
			}
		}
		rotate(t, name)
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o640 || info.Sys().(*syscall.Stat_t).Uid != uid {
			t.Errorf("%+v, %v", info, err)
		}
		if linked, err := os.Readlink(name); err != nil || linked != path || len(ids(open(t, name))) != 2 {
			t.Errorf("%s, %v", linked, err)
		}
	})
	t.Run("there must be something to rotate", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.pem")
		if err := Rotate(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v", err)
		}
		if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Rotate(path); err == nil || !bytes.Equal(readFile(t, path), []byte("damaged")) {
			t.Errorf("%v", err)
		}
	})
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
