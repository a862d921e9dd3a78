package s3test

import "syscall"

// attributes tells whether files in a folder can have extended attributes, in
// which the server would keep what it knows of objects.
func attributes(dir string) bool {
	return syscall.Setxattr(dir, "user.sajin", []byte("1"), 0) == nil
}
