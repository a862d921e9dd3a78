-- +goose Up

-- display_key is the display name in lower case. What is searched by its
-- beginning sorts by bytes, on both databases, so that a beginning is a range.
CREATE TABLE accounts (
	id            BLOB        NOT NULL PRIMARY KEY,
	email         TEXT        NOT NULL,
	email_key     TEXT        NOT NULL UNIQUE,
	handle        TEXT        NOT NULL UNIQUE,
	display_name  TEXT        NOT NULL,
	display_key   TEXT        NOT NULL DEFAULT '',
	bio           TEXT        NOT NULL,
	avatar        BLOB,
	password_hash TEXT        NOT NULL,
	role          TEXT        NOT NULL,
	version       INTEGER     NOT NULL,
	created_at    INTEGER     NOT NULL,
	deleted_at    INTEGER,
	purge_at      INTEGER,
	purged_at     INTEGER
) STRICT;
-- Searches do not walk over those who have left.
CREATE INDEX accounts_searched ON accounts (handle) WHERE deleted_at IS NULL;
CREATE INDEX accounts_display ON accounts (display_key, handle) WHERE deleted_at IS NULL;
CREATE INDEX accounts_purge ON accounts (purge_at) WHERE purge_at IS NOT NULL;

CREATE TABLE account_counts (
	account       BLOB   NOT NULL PRIMARY KEY,
	posts         INTEGER NOT NULL,
	subscribers   INTEGER NOT NULL,
	subscriptions INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
	id           BLOB        NOT NULL PRIMARY KEY,
	account      BLOB        NOT NULL REFERENCES accounts (id),
	user_agent   TEXT        NOT NULL,
	address      TEXT        NOT NULL,
	created_at   INTEGER     NOT NULL,
	last_seen_at INTEGER     NOT NULL,
	expires_at   INTEGER     NOT NULL,
	ended_at     INTEGER,
	ended_why    TEXT        NOT NULL
) STRICT;
CREATE INDEX sessions_account ON sessions (account, created_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
	hash      BLOB        NOT NULL PRIMARY KEY,
	session   BLOB        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
	issued_at INTEGER     NOT NULL,
	used_at   INTEGER
) STRICT;
CREATE INDEX refresh_tokens_session ON refresh_tokens (session);
CREATE INDEX refresh_tokens_issued ON refresh_tokens (issued_at);
