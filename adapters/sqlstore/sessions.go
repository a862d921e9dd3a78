package sqlstore

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Sessions is store.Sessions and store.Devices.
type Sessions struct{ db sqldb.DB }

var (
	_ store.Sessions = (*Sessions)(nil)
	_ store.Devices  = (*Sessions)(nil)
)

// NewSessions makes the store of sessions.
func NewSessions(db sqldb.DB) *Sessions { return &Sessions{db} }

// Insert implements store.Sessions.
func (s *Sessions) Insert(ctx context.Context, session *accounts.Session) error {
	r := session.Record()
	var b sqldb.Batch
	b.Exec(`INSERT INTO sessions (id, account, user_agent, address, created_at, last_seen_at, expires_at, ended_at, ended_why, proved_at, network)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.ID, r.Account, r.UserAgent, r.Address, r.CreatedAt, r.LastSeenAt, r.ExpiresAt, r.EndedAt, r.EndedWhy, r.ProvedAt, r.Network())
	insertToken(&b, r)
	return wrap("insert session", s.db.Send(ctx, &b))
}

// insertToken leaves a token as it is that was issued before.
func insertToken(b *sqldb.Batch, r accounts.SessionRecord) {
	b.Exec(`INSERT INTO refresh_tokens (hash, session, issued_at, used_at) VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO NOTHING`,
		r.Issued.Hash[:], r.ID, r.Issued.IssuedAt, r.Issued.UsedAt)
}

// Save implements store.Sessions.
func (s *Sessions) Save(ctx context.Context, session *accounts.Session) error {
	r := session.Record()
	var b sqldb.Batch
	b.ExecOne(accounts.ErrSessionNotFound, `UPDATE sessions SET last_seen_at = $2, expires_at = $3, ended_at = $4, ended_why = $5, proved_at = $6
		WHERE id = $1`, r.ID, r.LastSeenAt, r.ExpiresAt, r.EndedAt, r.EndedWhy, r.ProvedAt)
	if !r.Presented.UsedAt.IsZero() {
		b.Exec(`UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1`, r.Presented.Hash[:], r.Presented.UsedAt)
	}
	if !r.Issued.IssuedAt.IsZero() {
		insertToken(&b, r)
	}
	return wrap("save session", s.db.Send(ctx, &b))
}

const sessionColumns = `id, account, user_agent, address, created_at, last_seen_at, expires_at, ended_at, ended_why, proved_at`

func scanSession(row sqldb.Row) (r accounts.SessionRecord, err error) {
	err = row.Scan(&r.ID, &r.Account, &r.UserAgent, &r.Address, &r.CreatedAt, &r.LastSeenAt, &r.ExpiresAt, &r.EndedAt, &r.EndedWhy, &r.ProvedAt)
	return r, err
}

// Lock implements store.Sessions.
func (s *Sessions) Lock(ctx context.Context, id ident.SessionID) (*accounts.Session, error) {
	r, err := sqldb.One(ctx, s.db, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE id = $1`+s.db.Dialect().ForUpdate, id)
	if err != nil {
		return nil, found("lock session", err, accounts.ErrSessionNotFound)
	}
	return accounts.RestoreSession(r), nil
}

// LockByToken implements store.Sessions. The row of the session stands for its
// tokens: none of them is read or changed but behind its lock.
func (s *Sessions) LockByToken(ctx context.Context, hash [32]byte) (*accounts.Session, error) {
	var sessions []accounts.SessionRecord
	token := accounts.RefreshToken{Hash: hash}
	var b sqldb.Batch
	b.Query(collect(&sessions, scanSession), `SELECT `+sessionColumns+` FROM sessions
		WHERE id = (SELECT session FROM refresh_tokens WHERE hash = $1)`+s.db.Dialect().ForUpdate, hash[:])
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error { return rows.Scan(&token.IssuedAt, &token.UsedAt) })
	}, `SELECT issued_at, used_at FROM refresh_tokens WHERE hash = $1`, hash[:])
	if err := s.db.Send(ctx, &b); err != nil {
		return nil, wrap("lock session of token", err)
	}
	if len(sessions) == 0 || token.IssuedAt.IsZero() {
		return nil, accounts.ErrRefreshToken
	}
	sessions[0].Presented = token
	return accounts.RestoreSession(sessions[0]), nil
}

// EndAll implements store.Sessions.
func (s *Sessions) EndAll(ctx context.Context, account ident.AccountID, but ident.SessionID, why accounts.Ending, now time.Time) error {
	q := newQuery(now, why)
	q.where("account = ? AND ended_at IS NULL AND expires_at > $1", account)
	if !but.IsZero() {
		q.where("id <> ?", but)
	}
	_, err := s.db.Exec(ctx, `UPDATE sessions SET ended_at = $1, ended_why = $2, expires_at = $1`+q.text(), q.args...)
	return wrap("end sessions", err)
}

// DeleteAll implements store.Sessions.
func (s *Sessions) DeleteAll(ctx context.Context, account ident.AccountID) error {
	_, err := s.db.Exec(ctx, `DELETE FROM sessions WHERE account = $1`, account)
	return wrap("delete sessions", err)
}

// DropSessions implements store.Sessions.
func (s *Sessions) DropSessions(ctx context.Context, before time.Time, limit int) (int64, error) {
	n, err := s.db.Exec(ctx, `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, before, limit)
	return n, wrap("drop sessions", err)
}

// DropTokens implements store.Sessions.
func (s *Sessions) DropTokens(ctx context.Context, before time.Time, limit int) (int64, error) {
	n, err := s.db.Exec(ctx, `DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE issued_at < $1 ORDER BY issued_at LIMIT $2)`, before, limit)
	return n, wrap("drop refresh tokens", err)
}

// Standing implements store.Devices.
func (s *Sessions) Standing(ctx context.Context, id ident.SessionID) (standing store.Standing, err error) {
	err = s.db.QueryRow(ctx, `SELECT s.account, a.role, s.expires_at FROM sessions s JOIN accounts a ON a.id = s.account
		WHERE s.id = $1 AND s.ended_at IS NULL AND a.deleted_at IS NULL`, id).Scan(&standing.Account, &standing.Role, &standing.ExpiresAt)
	return standing, found("standing of session", err, accounts.ErrSessionEnded)
}

// Proved implements store.Devices.
func (s *Sessions) Proved(ctx context.Context, id ident.SessionID) (at time.Time, err error) {
	err = s.db.QueryRow(ctx, `SELECT s.proved_at FROM sessions s JOIN accounts a ON a.id = s.account
		WHERE s.id = $1 AND s.ended_at IS NULL AND a.deleted_at IS NULL`, id).Scan(&at)
	return at, found("proof of session", err, accounts.ErrSessionEnded)
}

// Familiar implements store.Devices.
func (s *Sessions) Familiar(ctx context.Context, account ident.AccountID, network string) (bool, error) {
	n, err := sqldb.One(ctx, s.db, sqldb.Scalar[int64], `SELECT count(*) FROM sessions WHERE account = $1 AND network = $2 AND ended_why NOT IN ($3, $4, $5)`,
		account, network, accounts.EndedRevoked, accounts.EndedReuse, accounts.EndedPasswordChanged)
	return n > 0, wrap("familiar network", err)
}

// Live implements store.Devices.
func (s *Sessions) Live(ctx context.Context, account ident.AccountID, now time.Time, page store.Page) (store.List[*store.Device], error) {
	q := newQuery()
	q.where("account = ? AND ended_at IS NULL AND expires_at > ?", account, now)
	if !page.After.IsZero() {
		q.where("(created_at, id) < (?, ?)", page.After.At, ident.SessionID(page.After.ID))
	}
	devices, err := sqldb.List(ctx, s.db, scanDevice, `SELECT id, user_agent, address, created_at, last_seen_at, expires_at FROM sessions`+
		q.text()+` ORDER BY created_at DESC, id DESC`+q.limit(page.Limit+1), q.args...)
	return pageOf(devices, page.Limit,
		func(d *store.Device) store.Position { return store.Position{At: d.CreatedAt, ID: d.ID} },
		func(d *store.Device) *store.Device { return d }), wrap("live sessions", err)
}

func scanDevice(row sqldb.Row) (*store.Device, error) {
	var d store.Device
	err := row.Scan(&d.ID, &d.UserAgent, &d.Address, &d.CreatedAt, &d.LastSeenAt, &d.ExpiresAt)
	return &d, err
}
