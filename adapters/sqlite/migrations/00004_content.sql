-- +goose Up

CREATE TABLE posts (
	id             BLOB        NOT NULL PRIMARY KEY,
	author         BLOB        NOT NULL,
	caption        TEXT        NOT NULL,
	caption_locked TEXT        NOT NULL,
	category       TEXT        NOT NULL,
	visibility     TEXT        NOT NULL,
	price_coins    INTEGER     NOT NULL,
	kind           TEXT        NOT NULL,
	state          TEXT        NOT NULL,
	merged         INTEGER     NOT NULL,
	version        INTEGER     NOT NULL,
	created_at     INTEGER     NOT NULL,
	published_at   INTEGER,
	edited_at      INTEGER,
	deleted_at     INTEGER
) STRICT;
CREATE INDEX posts_newest ON posts (published_at, id) WHERE state = 'published';
CREATE INDEX posts_author_newest ON posts (author, published_at, id) WHERE state = 'published';
CREATE INDEX posts_category_newest ON posts (category, published_at, id) WHERE state = 'published';
CREATE INDEX posts_kind_newest ON posts (kind, published_at, id) WHERE state = 'published';
CREATE INDEX posts_paid_newest ON posts (published_at, id) WHERE state = 'published' AND price_coins > 0;
CREATE INDEX posts_free_newest ON posts (published_at, id) WHERE state = 'published' AND price_coins = 0;
CREATE INDEX posts_merged ON posts (author, published_at, id) WHERE state = 'published' AND merged;
CREATE INDEX posts_own ON posts (author, id);
CREATE INDEX posts_waiting ON posts (id) WHERE state = 'processing';

CREATE TABLE post_media (
	post     BLOB   NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
	position INTEGER NOT NULL,
	media    BLOB   NOT NULL,
	PRIMARY KEY (post, position)
) STRICT;
CREATE INDEX post_media_media ON post_media (media);

-- published_at is copied here, so that a tag page is one index range.
CREATE TABLE post_tags (
	post         BLOB        NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
	position     INTEGER     NOT NULL,
	tag          TEXT        NOT NULL,
	published_at INTEGER,
	PRIMARY KEY (post, tag)
) STRICT;
CREATE INDEX post_tags_newest ON post_tags (tag, published_at, post);

CREATE TABLE post_counts (
	post     BLOB   NOT NULL PRIMARY KEY,
	likes    INTEGER NOT NULL,
	comments INTEGER NOT NULL,
	views    INTEGER NOT NULL,
	sales    INTEGER NOT NULL
) STRICT;
