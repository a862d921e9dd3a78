package mailfolder_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/mailfolder"
	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/ports/mail"
	"github.com/sajin-sns/sajin/test/contract"
)

var from = mail.Address{Name: "사진", Address: "hello@photos.example.com"}

func open(t *testing.T, dir string, log *slog.Logger) *mailfolder.Folder {
	t.Helper()
	return mailfolder.New(dir, from, log)
}

// files are the paths of all that is in the folder, hidden or not.
func files(t *testing.T, dir string) (paths []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	return paths
}

func TestFolder(t *testing.T) {
	contract.Mail(t, func(t *testing.T) contract.Mailing {
		dir := filepath.Join(t.TempDir(), "not", "there", "yet")
		return contract.Mailing{Sender: open(t, dir, slog.New(slog.DiscardHandler)), Arrived: func(t *testing.T) (all []mail.Message) {
			for _, path := range files(t, dir) {
				raw, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, contract.ParseMail(t, raw))
			}
			return all
		}}
	})
	t.Run("the log says where the message is, and nothing that is in it", func(t *testing.T) {
		var log bytes.Buffer
		dir := t.TempDir()
		m := mail.Message{
			ID: "../../a@photos.example.com", To: mail.Address{Address: "hana@example.com"}, Subject: "Your link",
			Text: "https://photos.example.com/reset-password#s3cret\n", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		}
		if err := open(t, dir, slog.New(slog.NewTextHandler(&log, nil))).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		written := files(t, dir)
		if len(written) != 1 || !strings.Contains(log.String(), "path="+written[0]) {
			t.Errorf("%q is not said: %s", written, log.String())
		}
		for _, private := range []string{"s3cret", "hana", "Your link"} {
			if strings.Contains(log.String(), private) {
				t.Errorf("%q is in the log: %s", private, log.String())
			}
		}
		info, err := os.Stat(written[0])
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Error("others may read it:", info, err)
		}
	})
	t.Run("a folder that cannot be is an error for another day, and seen", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "mail")
		folder := open(t, dir, slog.New(slog.DiscardHandler))
		if err := folder.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		m := mail.Message{ID: "a@b", To: mail.Address{Address: "hana@example.com"}, Subject: "s", Text: "t\n", At: time.Now()}
		err := folder.Send(t.Context(), m)
		if _, refused := err.(*mail.Refused); err == nil || refused { //nolint:errorlint // the adapter's own error
			t.Error(err)
		}
		if err := folder.Ready(t.Context()); health.Remedy(err) == "" {
			t.Error(err)
		}
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		if err := folder.Send(t.Context(), m); err != nil {
			t.Error(err)
		}
		if err := folder.Ready(t.Context()); err != nil || len(files(t, dir)) != 1 {
			t.Error(err, files(t, dir))
		}
	})
}
