-- +goose Up

-- When a scheduled post is due.
ALTER TABLE posts ADD COLUMN publish_at INTEGER;

-- Former versions of published posts, each from the transaction that replaced
-- it. version is what the post had for its version then; tags and media, with
-- their descriptions, are JSON.
CREATE TABLE post_edits (
	post           BLOB    NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
	version        INTEGER NOT NULL,
	caption        TEXT    NOT NULL,
	caption_locked TEXT    NOT NULL,
	tags           TEXT    NOT NULL,
	category       TEXT    NOT NULL,
	visibility     TEXT    NOT NULL,
	price_coins    INTEGER NOT NULL,
	media          TEXT    NOT NULL,
	replaced_at    INTEGER NOT NULL,
	PRIMARY KEY (post, version)
) STRICT;
