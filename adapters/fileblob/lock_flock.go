//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package fileblob

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks an open file against all others who have opened it. It answers
// nil when somebody else has the lock.
func tryLock(f *os.File) (release func(), err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		return func() { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }, nil // closing it unlocks too
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EINTR):
		return nil, nil
	}
	return nil, &os.PathError{Op: "flock", Path: f.Name(), Err: err}
}
