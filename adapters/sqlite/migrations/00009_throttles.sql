-- +goose Up

-- Buckets that tries are taken from, by digests of what is counted: when each
-- is full, in microseconds since 1970. One that is not here is full.
CREATE TABLE throttles (
	key     BLOB    NOT NULL PRIMARY KEY,
	full_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttles_full ON throttles (full_at);

-- What of an address is one client's: the first half, where it is of version 6.
-- Who comes from where the account has signed in before is known a little.
ALTER TABLE sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
UPDATE sessions SET network = address WHERE address NOT LIKE '%:%';
CREATE INDEX sessions_network ON sessions (account, network);
