-- +goose Up

-- When a scheduled post is due.
ALTER TABLE posts ADD COLUMN publish_at timestamptz;

-- Former versions of published posts, each from the transaction that replaced
-- it. version is what the post had for its version then; tags and media, with
-- their descriptions, are JSON.
CREATE TABLE post_edits (
	post           uuid        NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
	version        bigint      NOT NULL,
	caption        text        NOT NULL,
	caption_locked text        NOT NULL,
	tags           text        NOT NULL,
	category       text        NOT NULL,
	visibility     text        NOT NULL,
	price_coins    bigint      NOT NULL,
	media          text        NOT NULL,
	replaced_at    timestamptz NOT NULL,
	PRIMARY KEY (post, version)
);
