package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sajin-sns/sajin/ports/mail"
	"github.com/sajin-sns/sajin/sdk/go/api"
	"github.com/sajin-sns/sajin/test/contract"
)

// mails are all that were written to the folder for an address, the first one first.
func (w *world) mails(to string) (all []mail.Message) {
	w.t.Helper()
	dir := filepath.Join(w.config.DataDir, "mail")
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".eml") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		w.must(err)
		if m := contract.ParseMail(w.t, raw); m.To.Address == to {
			all = append(all, m)
		}
	}
	return all
}

// links are the secrets at the ends of links to a page that an address was mailed.
func (w *world) links(to, page string) (secrets []string) {
	w.t.Helper()
	for _, m := range w.mails(to) {
		if _, rest, ok := strings.Cut(m.Text, "/"+page+"#"); ok {
			secret, _, _ := strings.Cut(rest, "\n")
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

// mailedTo waits for the n-th link to a page that an address is mailed.
func (w *world) mailedTo(to, page string, n int) string {
	w.t.Helper()
	var links []string
	w.eventually("a link to "+page+" for "+to, func() bool { links = w.links(to, page); return len(links) >= n })
	return links[n-1]
}

// mailed waits for a link to a page in the mail of a member.
func (w *world) mailed(m *member, page string) string {
	w.t.Helper()
	return w.mailedTo(string(m.account.Email), page, 1)
}

// forget asks for a new password.
func (m *member) forget() {
	m.w.t.Helper()
	_, err := m.w.stranger().RequestPasswordResetWithResponse(m.w.t.Context(), api.WantedEmail{Email: string(m.account.Email)})
	m.w.must(err)
}
