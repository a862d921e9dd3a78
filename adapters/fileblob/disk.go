package fileblob

import (
	"io"
	"os"
)

// disk is every call by which the store changes its folder. Tests set before
// to fail, or to kill the process, ahead of any one of them.
type disk struct {
	before func(call, path string) error
}

func (d disk) ahead(call, path string) error {
	if d.before == nil {
		return nil
	}
	return d.before(call, path)
}

// create makes a file of its own name, for its owner alone.
func (d disk) create(dir string) (*os.File, error) {
	if err := d.ahead("create", dir); err != nil {
		return nil, err
	}
	return os.CreateTemp(dir, "write-*")
}

// createAs makes a file that must not be there yet.
func (d disk) createAs(path string) (*os.File, error) {
	if err := d.ahead("create", path); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// writer is the file itself unless a test watches: io.Copy between two files
// is left to the kernel.
func (d disk) writer(f *os.File) io.Writer {
	if d.before == nil {
		return f
	}
	return watched{d, f}
}

func (d disk) sync(f *os.File) error {
	if err := d.ahead("sync", f.Name()); err != nil {
		return err
	}
	return f.Sync()
}

func (d disk) rename(from, to string) error {
	if err := d.ahead("rename", to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

func (d disk) mkdirs(path string) error {
	if err := d.ahead("mkdirs", path); err != nil {
		return err
	}
	return os.MkdirAll(path, 0o700)
}

func (d disk) remove(path string) error {
	if err := d.ahead("remove", path); err != nil {
		return err
	}
	return os.Remove(path)
}

func (d disk) removeAll(path string) error {
	if err := d.ahead("removeAll", path); err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// discard clears away what a failed write has left. What it cannot remove is
// swept later.
func (d disk) discard(path string) { _ = d.removeAll(path) }

// syncDir makes the names in a folder survive a crash of the machine.
func (d disk) syncDir(path string) error {
	if err := d.ahead("syncDir", path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

type watched struct {
	disk disk
	file *os.File
}

func (w watched) Write(b []byte) (int, error) {
	if err := w.disk.ahead("write", w.file.Name()); err != nil {
		return 0, err
	}
	return w.file.Write(b)
}
