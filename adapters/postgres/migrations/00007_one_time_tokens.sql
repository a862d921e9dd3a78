-- +goose Up

-- Digests of secrets that somebody was given to use once. A used one stays until
-- it expires, so that it is not made anew.
CREATE TABLE one_time_tokens (
	hash       bytea       NOT NULL PRIMARY KEY,
	purpose    text        NOT NULL,
	account    uuid        REFERENCES accounts (id),
	payload    text        NOT NULL,
	expires_at timestamptz NOT NULL,
	used_at    timestamptz
);
CREATE INDEX one_time_tokens_account ON one_time_tokens (account, purpose);
CREATE INDEX one_time_tokens_expiry ON one_time_tokens (expires_at);
