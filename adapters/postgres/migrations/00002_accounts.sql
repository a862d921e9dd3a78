-- +goose Up

-- display_key is the display name in lower case. What is searched by its
-- beginning sorts by bytes, on both databases, so that a beginning is a range.
CREATE TABLE accounts (
	id            uuid        NOT NULL PRIMARY KEY,
	email         text        NOT NULL,
	email_key     text        NOT NULL UNIQUE,
	handle        text        COLLATE "C" NOT NULL UNIQUE,
	display_name  text        NOT NULL,
	display_key   text        COLLATE "C" NOT NULL DEFAULT '',
	bio           text        NOT NULL,
	avatar        uuid,
	password_hash text        NOT NULL,
	role          text        NOT NULL,
	version       bigint      NOT NULL,
	created_at    timestamptz NOT NULL,
	deleted_at    timestamptz,
	purge_at      timestamptz,
	purged_at     timestamptz
);
-- Searches do not walk over those who have left.
CREATE INDEX accounts_searched ON accounts (handle) WHERE deleted_at IS NULL;
CREATE INDEX accounts_display ON accounts (display_key, handle) WHERE deleted_at IS NULL;
CREATE INDEX accounts_purge ON accounts (purge_at) WHERE purge_at IS NOT NULL;

CREATE TABLE account_counts (
	account       uuid   NOT NULL PRIMARY KEY,
	posts         bigint NOT NULL,
	subscribers   bigint NOT NULL,
	subscriptions bigint NOT NULL
);

CREATE TABLE sessions (
	id           uuid        NOT NULL PRIMARY KEY,
	account      uuid        NOT NULL REFERENCES accounts (id),
	user_agent   text        NOT NULL,
	address      text        NOT NULL,
	created_at   timestamptz NOT NULL,
	last_seen_at timestamptz NOT NULL,
	expires_at   timestamptz NOT NULL,
	ended_at     timestamptz,
	ended_why    text        NOT NULL
);
CREATE INDEX sessions_account ON sessions (account, created_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
	hash      bytea       NOT NULL PRIMARY KEY,
	session   uuid        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
	issued_at timestamptz NOT NULL,
	used_at   timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session);
CREATE INDEX refresh_tokens_issued ON refresh_tokens (issued_at);
