//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package keyring

import (
	"errors"
	"os"
	"syscall"
)

// lock waits until nobody else has a lock on the file. The system lets go of
// what a dead process held.
func lock(f *os.File) (unlock func(), err error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err == nil {
			return func() { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }, nil // closing it unlocks too
		}
		if !errors.Is(err, syscall.EINTR) {
			return nil, &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
	}
}

// giveTo makes the owner of another file the owner of this one.
func giveTo(f *os.File, other os.FileInfo) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	is, ok1 := mine.Sys().(*syscall.Stat_t)
	want, ok2 := other.Sys().(*syscall.Stat_t)
	if !ok1 || !ok2 || is.Uid == want.Uid && is.Gid == want.Gid {
		return nil
	}
	return f.Chown(int(want.Uid), int(want.Gid))
}
