// Package keyring holds the secrets of the server: a few Ed25519 keys in one
// PEM file, from which everything else is derived. With them it makes and
// checks access tokens, signed links and sealed texts; it does not know what
// those are used for.
//
// The first key of the file signs, all of them verify. Rotate puts a new key in
// front; running servers take it up by themselves.
package keyring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"time"
)

const (
	// lookEvery is how long a ring trusts what it has read. It looks at the
	// file when it is used, not by itself.
	lookEvery = 2 * time.Second

	// settle is how long a new first key waits before it signs, so that all
	// servers that share the file know it by then.
	settle = 5 * time.Second
)

// Ring is a set of keys. It is safe for concurrent use.
type Ring struct {
	path    string // empty when the keys are in memory only
	now     func() time.Time
	keys    atomic.Pointer[keys]
	looked  atomic.Int64
	trouble atomic.Pointer[error]
}

// keys are the keys of a file as it was at some time.
type keys struct {
	all  []key
	file os.FileInfo // nil in memory
	jwks []byte
}

// New makes a ring with one key, that is gone with the process. Equal
// randomness gives equal keys; random must never fail: New panics when it does.
func New(random io.Reader) *Ring {
	k, err := generate(random)
	if err != nil {
		panic("keyring: no randomness: " + err.Error())
	}
	r := &Ring{now: time.Now}
	r.keys.Store(newKeys([]key{k}, nil))
	return r
}

// Open reads the keys in a file, which is made, with one key and for its owner
// alone, when it is missing; of processes that start at once one makes it.
func Open(path string) (*Ring, error) {
	r := &Ring{path: path, now: time.Now}
	k, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("keyring: making %s: %w", path, err)
		}
		k, err = read(path)
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	r.keys.Store(k)
	r.looked.Store(r.now().UnixNano())
	return r, nil
}

// Err tells why the file could not be read when it was last looked at; nil when
// it could. The ring goes on with the keys that it had.
func (r *Ring) Err() error {
	r.current()
	if err := r.trouble.Load(); err != nil {
		return *err
	}
	return nil
}

// current answers the keys, after a look at the file if the last one was a
// while ago.
func (r *Ring) current() *keys {
	k := r.keys.Load()
	if r.path == "" {
		return k
	}
	now, last := r.now().UnixNano(), r.looked.Load()
	if since := now - last; since >= 0 && since < int64(lookEvery) {
		return k
	}
	if !r.looked.CompareAndSwap(last, now) {
		return k // somebody else looks
	}
	return r.look(k)
}

func (r *Ring) look(k *keys) *keys {
	file, err := os.Stat(r.path)
	if err == nil && !k.madeOf(file) {
		var changed *keys
		if changed, err = read(r.path); err == nil {
			k = changed
			r.keys.Store(k)
		}
	}
	if err != nil {
		err = fmt.Errorf("keyring: going on with the keys read before: %w", err)
		r.trouble.Store(&err)
		return k
	}
	r.trouble.Store(nil)
	return k
}

func (k *keys) madeOf(file os.FileInfo) bool {
	return os.SameFile(k.file, file) && k.file.ModTime().Equal(file.ModTime()) && k.file.Size() == file.Size()
}

// signer is the key that signs now.
func (r *Ring) signer() key {
	k := r.current()
	if len(k.all) > 1 && k.file != nil {
		if age := r.now().Sub(k.file.ModTime()); age >= 0 && age < settle {
			return k.all[1]
		}
	}
	return k.all[0]
}
