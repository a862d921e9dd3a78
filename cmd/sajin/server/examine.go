package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/adapters/postgres"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqldb/migration"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/blob"
)

// dataDir writes a file and takes it away again.
func (p *patient) dataDir(context.Context) (string, error) {
	folder := p.c.DataDir
	if folder == "" {
		return "nothing is kept on this machine", nil
	}
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		above := filepath.Dir(filepath.Clean(folder))
		for errors.Is(missing(above), fs.ErrNotExist) && above != filepath.Dir(above) {
			above = filepath.Dir(above)
		}
		if err := writable(above); err != nil {
			return "", advise("make "+folder+" and give it to the user that sajin runs as, or set data_dir", "cannot be made: %w", err)
		}
		return "", absent{fmt.Errorf("%s is not there yet: the first start makes it", folder)}
	case err == nil && !info.IsDir():
		return "", advise("set data_dir to a folder", "%s is a file", folder)
	case err == nil:
		err = writable(folder)
	}
	if err != nil {
		return "", advise("give "+folder+" to the user that sajin runs as, or set data_dir", "%w", err)
	}
	return folder + " can be written to", nil
}

func missing(path string) error {
	_, err := os.Stat(path)
	return err
}

func writable(folder string) error {
	f, err := os.CreateTemp(folder, ".sajin-doctor-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// publicURL looks whether links would lead anybody here.
func (p *patient) publicURL(ctx context.Context) (string, error) {
	at := p.c.PublicURL()
	u, err := url.Parse(at)
	if err != nil {
		return "", advise("set http.public_url to the address that people use", "%w", err)
	}
	host, _, err := net.SplitHostPort(p.c.HTTP.Listen)
	local := err == nil && net.ParseIP(host).IsLoopback()
	ip := net.ParseIP(u.Hostname())
	switch {
	case u.Hostname() == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()):
		if p.c.Production() {
			return "", advise("set http.public_url to the address that people use", "%s leads nobody here but this machine", at)
		}
		if !local {
			return "", mild{advise("set http.public_url to the address that others use", "%s is for this machine alone, and others may come", at)}
		}
		return at + ", for this machine alone", nil
	case ip != nil:
	default:
		if _, err := net.DefaultResolver.LookupHost(ctx, u.Hostname()); err != nil {
			return "", mild{advise("make an entry in the DNS for "+u.Hostname(), "%w", err)}
		}
	}
	if u.Scheme != "https" {
		return "", mild{advise("put a proxy that speaks TLS in front and set http.public_url to https://", "%s: passwords and pictures travel in the clear", at)}
	}
	return at, nil
}

// payments looks whether there is anything to pay with.
func (p *patient) payments(context.Context) (string, error) {
	providers := p.c.Payments.Providers
	host, _, err := net.SplitHostPort(p.c.HTTP.Listen)
	switch {
	case len(providers) == 0:
		return "", mild{advise("set payments.providers when people are to buy coins", "there is nothing to pay with")}
	case !slices.Contains(providers, "sandbox"):
		return fmt.Sprint(providers), nil
	case p.c.Production():
		return "", advise("take sandbox out of payments.providers", "the sandbox gives coins to whoever asks")
	case err != nil || !net.ParseIP(host).IsLoopback():
		return "", mild{advise("take sandbox out of payments.providers, or listen on 127.0.0.1", "the sandbox gives coins to whoever asks, and others may come")}
	default:
		return "sandbox: for trying out", nil
	}
}

// openDatabase opens the database as it is.
func (p *patient) openDatabase(ctx context.Context) (detail string, err error) {
	path := sqlitePath(p.c)
	if path != "" && path != sqlite.Memory && errors.Is(missing(path), fs.ErrNotExist) {
		p.db.set(nil, errNotYet)
		return "", absent{fmt.Errorf("%s is not there yet: the first start makes it", path)}
	}
	var db sqldb.DB
	switch path {
	case "":
		db, err = postgres.Open(ctx, p.c.DatabaseURL().Reveal(), postgres.Options{MaxConns: 4})
	case sqlite.Memory:
		db, err = OpenDatabase(ctx, p.c)
	default:
		db, err = sqlite.Open(ctx, path, sqlite.Options{Existing: true})
	}
	if err != nil {
		return "", advise(databaseRemedy(err), "%w", err)
	}
	name, ask := "PostgreSQL", `SHOW server_version`
	if path != "" {
		name, ask = "SQLite", `SELECT sqlite_version()`
	}
	var version string
	if err := db.QueryRow(ctx, ask).Scan(&version); err != nil {
		_ = db.Close()
		return "", advise("see whether the file is a database of sajin's, and whole", "%w", err)
	}
	p.db.set(db, nil)
	return name + " " + version, nil
}

func databaseRemedy(err error) string {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code {
		case "28P01", "28000":
			return "correct the user and the password in database.url, or let them in by pg_hba.conf"
		case "3D000":
			return "make the database: createdb"
		case "53300":
			return "raise max_connections of PostgreSQL, or lower database.max_conns"
		}
	}
	return "start the database, or correct database.url"
}

// durability looks whether a power cut would lose what was answered.
func (p *patient) durability(ctx context.Context) (string, error) {
	db, err := p.db.get()
	if err != nil {
		return "", err
	}
	if path := sqlitePath(p.c); path != "" {
		if path == sqlite.Memory {
			return "", mild{advise("set database.url to a file or to PostgreSQL", "in memory: all is gone when the process ends")}
		}
		var mode string
		if err := db.QueryRow(ctx, `SELECT journal_mode FROM pragma_journal_mode`).Scan(&mode); err != nil {
			return "", err
		}
		if mode != "wal" {
			return "", advise("put the database on a local disk, where SQLite can use a write-ahead log", "the journal mode is %s", mode)
		}
		return "write-ahead log", nil
	}
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := db.QueryRow(ctx, `SELECT current_setting($1)`, setting).Scan(&value); err != nil {
			return "", err
		}
		if value == "off" {
			return "", advise("set "+setting+" = on in postgresql.conf", "%s is off: a power cut would lose, or spoil, what people paid for", setting)
		}
	}
	return "fsync is on", nil
}

// errUndone takes a write back.
var errUndone = errors.New("undone")

// writing writes a row and takes it back.
func (p *patient) writing(ctx context.Context) (string, error) {
	db, err := p.db.get()
	if err != nil {
		return "", err
	}
	if version, err := migration.Version(ctx, db); err != nil {
		return "", err
	} else if version == 0 {
		return "", absent{errors.New("there are no tables yet: the first start makes them")}
	}
	err = db.Do(ctx, func(ctx context.Context) error {
		var id ident.EventID
		_, _ = rand.Read(id[:])
		if _, err := db.Exec(ctx, `INSERT INTO consumed_events (consumer, event_id, at) VALUES ($1, $2, $3)`, "doctor", id, time.Now()); err != nil {
			return err
		}
		return errUndone
	})
	if errors.Is(err, errUndone) {
		return "a row can be written", nil
	}
	return "", advise("see whether the database is a read-only copy, its disk is full, or its user may not write", "%w", err)
}

// openStorage opens where blobs are.
func (p *patient) openStorage(ctx context.Context) (string, error) {
	if folder := blobFolder(p.c); folder != "" && errors.Is(missing(folder), fs.ErrNotExist) {
		p.blobs.set(nil, errNotYet)
		return "", absent{fmt.Errorf("%s is not there yet: the first start makes it", folder)}
	}
	s, err := openBlobs(p.c)
	if err != nil {
		return "", advise("correct blob.url", "%w", err)
	}
	p.blobs.set(s, nil)
	return p.c.BlobURL().String(), nil
}

// probe stores a small object, reads it and takes it away again.
func (p *patient) probe(ctx context.Context) (string, error) {
	s, err := p.blobs.get()
	if err != nil {
		return "", err
	}
	if err := checkStorage(s).Run(ctx); err != nil {
		return "", err
	}
	key := "doctor/" + strings.ToLower(rand.Text())
	sent := []byte("may be deleted: " + rand.Text())
	if err := s.Put(ctx, key, bytes.NewReader(sent), int64(len(sent)), "text/plain"); err != nil {
		return "", advise("let sajin write to "+p.c.BlobURL().String(), "writing: %w", err)
	}
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), examWithin)
		defer cancel()
		_ = s.Delete(late, key)
	}()
	o, err := s.Open(ctx, key)
	if err != nil {
		return "", advise("let sajin read from "+p.c.BlobURL().String(), "reading: %w", err)
	}
	defer o.Close()
	got, err := io.ReadAll(o)
	if err == nil && !bytes.Equal(got, sent) {
		err = errors.New("what was read is not what was written")
	}
	if err != nil {
		return "", advise("look at what serves blob.url", "reading: %w", err)
	}
	detail := "an object was written, read and deleted"
	if signer, ok := s.(blob.Presigner); ok {
		if err := fetch(ctx, signer, key, sent); err != nil {
			return "", advise("see that the endpoint in blob.url is the one that clients can reach, and that the clocks agree", "by a signed link: %w", err)
		}
		detail += ", and read by a signed link"
	}
	if err := s.Delete(ctx, key); err != nil {
		return "", advise("let sajin delete from "+p.c.BlobURL().String(), "deleting: %w", err)
	}
	return detail, nil
}

func fetch(ctx context.Context, signer blob.Presigner, key string, want []byte) error {
	link, err := signer.PresignGet(ctx, key, time.Minute, blob.Download{})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, link.Method, link.URL, nil)
	if err != nil {
		return err
	}
	for name, value := range link.Headers {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(io.LimitReader(answer.Body, int64(len(want))+1))
	if err == nil && (answer.StatusCode != http.StatusOK || !bytes.Equal(got, want)) {
		err = fmt.Errorf("answered %s and %d bytes", answer.Status, len(got))
	}
	return err
}

// openKeys reads the keys, if there are any.
func (p *patient) openKeys(context.Context) (string, error) {
	path := KeyFile(p.c)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.keys.set(nil, errNotYet)
		return "", absent{fmt.Errorf("%s is not there yet: the first start makes it", path)}
	case err != nil:
		return "", advise("let sajin read "+path, "%w", err)
	case info.Mode().Perm()&0o077 != 0:
		return "", advise("chmod 600 "+path+", and rotate the keys if others could have read it", "%s may be read by others (%v): whoever can, signs in as anybody", path, info.Mode().Perm())
	}
	ring, err := keyring.Open(path)
	if err != nil {
		return "", advise("put the file back from the last copy", "%w", err)
	}
	p.keys.set(ring, nil)
	return path, nil
}
