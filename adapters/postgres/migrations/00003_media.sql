-- +goose Up

CREATE TABLE media (
	id            uuid        NOT NULL PRIMARY KEY,
	owner         uuid        NOT NULL,
	purpose       text        NOT NULL,
	state         text        NOT NULL,
	stage         text        NOT NULL,
	progress      bigint      NOT NULL,
	attempt       bigint      NOT NULL,
	error_code    text        NOT NULL,
	retryable     boolean     NOT NULL,
	original      text        NOT NULL,
	size          bigint      NOT NULL,
	sha256        text        NOT NULL,
	kind          text        NOT NULL,
	content_type  text        NOT NULL,
	width         bigint      NOT NULL,
	height        bigint      NOT NULL,
	duration_ms   bigint      NOT NULL,
	blurhash      text        NOT NULL,
	dominant      text        NOT NULL,
	alt           text        NOT NULL,
	created_at    timestamptz NOT NULL,
	updated_at    timestamptz NOT NULL,
	deleted_at    timestamptz
);
CREATE INDEX media_owner ON media (owner, id);

CREATE TABLE renditions (
	media        uuid    NOT NULL REFERENCES media (id) ON DELETE CASCADE,
	name         text    NOT NULL,
	position     bigint  NOT NULL,
	preview      boolean NOT NULL,
	key          text    NOT NULL,
	content_type text    NOT NULL,
	width        bigint  NOT NULL,
	height       bigint  NOT NULL,
	size         bigint  NOT NULL,
	PRIMARY KEY (media, name)
);

CREATE TABLE uploads (
	id           uuid        NOT NULL PRIMARY KEY,
	media        uuid        NOT NULL UNIQUE REFERENCES media (id),
	owner        uuid        NOT NULL,
	filename     text        NOT NULL,
	content_type text        NOT NULL,
	size         bigint      NOT NULL,
	sha256       text        NOT NULL,
	part_size    bigint      NOT NULL,
	blob_key     text        NOT NULL,
	blob_ref     text        NOT NULL,
	state        text        NOT NULL,
	created_at   timestamptz NOT NULL,
	expires_at   timestamptz NOT NULL
);
CREATE INDEX uploads_open ON uploads (owner) WHERE state = 'open';
CREATE INDEX uploads_expiry ON uploads (expires_at) WHERE state = 'open';

-- What an account stores and has on its way: the sum over its media that are not
-- deleted. Its row is what those who add to it wait for.
CREATE TABLE media_usage (
	owner uuid   NOT NULL PRIMARY KEY,
	bytes bigint NOT NULL
);
