// Package mailfolder writes mail to a folder, where a developer reads it with
// whatever opens .eml files. What is in a message, such as the link that resets
// a password, stays there: the log says which file was written and no more.
package mailfolder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/ports/mail"
)

// Folder is a mail.Sender.
type Folder struct {
	dir  string
	from mail.Address
	log  *slog.Logger
}

var _ mail.Sender = (*Folder)(nil)

// New makes a sender to a folder, which the first message makes. Only who runs
// the server may look into it.
func New(dir string, from mail.Address, log *slog.Logger) *Folder { return &Folder{dir, from, log} }

// Send implements mail.Sender. A message sent again takes the place of itself.
func (f *Folder) Send(ctx context.Context, m mail.Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	raw, err := m.Compose(f.from)
	if err != nil {
		return err
	}
	path := filepath.Join(f.dir, name(m))
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("folder for mail: %w", err)
	}
	if err := replace(path, raw); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	f.log.InfoContext(ctx, "a mail was written to a file", "path", path)
	return nil
}

// name sorts by time and holds nothing of the message that could leave the
// folder.
func name(m mail.Message) string {
	digest := sha256.Sum256([]byte(m.ID))
	return m.At.UTC().Format("20060102-150405") + "-" + hex.EncodeToString(digest[:6]) + ".eml"
}

// replace writes a file that is there whole or not at all, also after the
// machine has lost its power.
func replace(path string, data []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Ready fails when nothing can be written to the folder, for a health.Check. One
// that is not there yet is made when it is needed.
func (f *Folder) Ready(context.Context) error {
	probe, err := os.CreateTemp(f.dir, ".ready-*")
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &health.Problem{Remedy: "let the server write to " + f.dir + ", or set mail.url", Err: err}
	}
	return nil
}
