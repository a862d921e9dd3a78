-- +goose Up

-- Whom identity providers sign in to which account.
CREATE TABLE identities (
	id        uuid        NOT NULL PRIMARY KEY,
	account   uuid        NOT NULL REFERENCES accounts (id),
	provider  text        NOT NULL,
	issuer    text        NOT NULL,
	subject   text        NOT NULL,
	email     text        NOT NULL,
	linked_at timestamptz NOT NULL,
	UNIQUE (issuer, subject)
);
CREATE INDEX identities_account ON identities (account, linked_at);
