package keyring

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	keep    = 3
	maxFile = 64 << 10
)

// Rotate puts a new key in front of those in the file and keeps the three
// latest. What the oldest had signed is not accepted any more.
func Rotate(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err == nil {
		err = exclusively(path, func() error {
			old, err := read(path)
			if err != nil {
				return err
			}
			fresh, err := generate(rand.Reader)
			if err != nil {
				return err
			}
			all := append([]key{fresh}, old.all...)
			return write(path, all[:min(len(all), keep)], old.file)
		})
	}
	if err != nil {
		return fmt.Errorf("keyring: rotating: %w", err)
	}
	return nil
}

// create makes the file with one key unless it is there by now.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return exclusively(path, func() error {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		fresh, err := generate(rand.Reader)
		if err != nil {
			return err
		}
		return write(path, []key{fresh}, nil)
	})
}

// exclusively runs change while no other process changes the file.
func exclusively(path string, change func() error) (err error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	unlock, err := lock(f)
	if err == nil {
		err = change()
		unlock()
	}
	return errors.Join(err, f.Close())
}

// write replaces the file at once and whole. Who could read the old one can
// read the new one: whoever rotates the keys need not be who uses them.
func write(path string, all []key, old os.FileInfo) error {
	temp := path + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // the leftover of a crash
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = fill(f, all, old)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(path))
}

func fill(f *os.File, all []key, old os.FileInfo) error {
	for _, k := range all {
		der, err := x509.MarshalPKCS8PrivateKey(k.private)
		if err != nil {
			return err
		}
		if err := pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der}); err != nil {
			return err
		}
	}
	if old != nil {
		if err := giveTo(f, old); err != nil {
			return err
		}
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			return err
		}
	}
	return f.Sync()
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// read reads the keys in a file. What is wrong is told without the secrets.
func read(path string) (*keys, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	all, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return newKeys(all, info), nil
}

func parse(text []byte) ([]key, error) {
	if len(text) > maxFile {
		return nil, errors.New("the file is too long for a few keys")
	}
	var all []key
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "PRIVATE KEY" {
			return nil, fmt.Errorf("there is a %q where only PRIVATE KEY (PKCS #8) may be", block.Type)
		}
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("key %d is not in PKCS #8", len(all)+1)
		}
		private, ok := parsed.(ed25519.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("key %d is not of Ed25519", len(all)+1)
		}
		all = append(all, newKey(private))
	}
	if n := bytes.Count(text, []byte("-----BEGIN")); n != len(all) { // the decoder passes over what it cannot read
		return nil, fmt.Errorf("%d keys begin, %d can be read", n, len(all))
	}
	if len(all) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return all, nil
}
