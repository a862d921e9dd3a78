-- +goose Up

CREATE TABLE media (
	id            BLOB        NOT NULL PRIMARY KEY,
	owner         BLOB        NOT NULL,
	purpose       TEXT        NOT NULL,
	state         TEXT        NOT NULL,
	stage         TEXT        NOT NULL,
	progress      INTEGER     NOT NULL,
	attempt       INTEGER     NOT NULL,
	error_code    TEXT        NOT NULL,
	retryable     INTEGER     NOT NULL,
	original      TEXT        NOT NULL,
	size          INTEGER     NOT NULL,
	sha256        TEXT        NOT NULL,
	kind          TEXT        NOT NULL,
	content_type  TEXT        NOT NULL,
	width         INTEGER     NOT NULL,
	height        INTEGER     NOT NULL,
	duration_ms   INTEGER     NOT NULL,
	blurhash      TEXT        NOT NULL,
	dominant      TEXT        NOT NULL,
	alt           TEXT        NOT NULL,
	created_at    INTEGER     NOT NULL,
	updated_at    INTEGER     NOT NULL,
	deleted_at    INTEGER
) STRICT;
CREATE INDEX media_owner ON media (owner, id);

CREATE TABLE renditions (
	media        BLOB    NOT NULL REFERENCES media (id) ON DELETE CASCADE,
	name         TEXT    NOT NULL,
	position     INTEGER NOT NULL,
	preview      INTEGER NOT NULL,
	key          TEXT    NOT NULL,
	content_type TEXT    NOT NULL,
	width        INTEGER NOT NULL,
	height       INTEGER NOT NULL,
	size         INTEGER NOT NULL,
	PRIMARY KEY (media, name)
) STRICT;

CREATE TABLE uploads (
	id           BLOB        NOT NULL PRIMARY KEY,
	media        BLOB        NOT NULL UNIQUE REFERENCES media (id),
	owner        BLOB        NOT NULL,
	filename     TEXT        NOT NULL,
	content_type TEXT        NOT NULL,
	size         INTEGER     NOT NULL,
	sha256       TEXT        NOT NULL,
	part_size    INTEGER     NOT NULL,
	blob_key     TEXT        NOT NULL,
	blob_ref     TEXT        NOT NULL,
	state        TEXT        NOT NULL,
	created_at   INTEGER     NOT NULL,
	expires_at   INTEGER     NOT NULL
) STRICT;
CREATE INDEX uploads_open ON uploads (owner) WHERE state = 'open';
CREATE INDEX uploads_expiry ON uploads (expires_at) WHERE state = 'open';

-- What an account stores and has on its way: the sum over its media that are not
-- deleted. Its row is what those who add to it wait for.
CREATE TABLE media_usage (
	owner BLOB    NOT NULL PRIMARY KEY,
	bytes INTEGER NOT NULL
) STRICT;
