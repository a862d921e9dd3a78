-- +goose Up

-- Whom identity providers sign in to which account.
CREATE TABLE identities (
	id        BLOB    NOT NULL PRIMARY KEY,
	account   BLOB    NOT NULL REFERENCES accounts (id),
	provider  TEXT    NOT NULL,
	issuer    TEXT    NOT NULL,
	subject   TEXT    NOT NULL,
	email     TEXT    NOT NULL,
	linked_at INTEGER NOT NULL,
	UNIQUE (issuer, subject)
) STRICT;
CREATE INDEX identities_account ON identities (account, linked_at);
