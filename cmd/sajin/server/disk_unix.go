//go:build linux || darwin

package server

import (
	"os"
	"syscall"
)

// diskSpace is what is free for us, and all there is, on the disk of a folder.
func diskSpace(folder string) (free, total uint64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, 0, &os.PathError{Op: "statfs", Path: folder, Err: err}
	}
	size := uint64(s.Bsize) // its type is not the same everywhere
	return s.Bavail * size, s.Blocks * size, nil
}
