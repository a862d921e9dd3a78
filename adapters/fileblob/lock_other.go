//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package fileblob

import (
	"os"
	"sync"
)

var locked sync.Map

// tryLock locks a file against others in this process: where the system has no
// flock, one process at a time may use the folder.
func tryLock(f *os.File) (release func(), err error) {
	if _, taken := locked.LoadOrStore(f.Name(), true); taken {
		return nil, nil
	}
	return func() { locked.Delete(f.Name()) }, nil
}
