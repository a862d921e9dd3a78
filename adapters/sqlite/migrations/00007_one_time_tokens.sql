-- +goose Up

-- Digests of secrets that somebody was given to use once. A used one stays until
-- it expires, so that it is not made anew.
CREATE TABLE one_time_tokens (
	hash       BLOB    NOT NULL PRIMARY KEY,
	purpose    TEXT    NOT NULL,
	account    BLOB    REFERENCES accounts (id),
	payload    TEXT    NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at    INTEGER
) STRICT;
CREATE INDEX one_time_tokens_account ON one_time_tokens (account, purpose);
CREATE INDEX one_time_tokens_expiry ON one_time_tokens (expires_at);
