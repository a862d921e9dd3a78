-- +goose Up

CREATE TABLE posts (
	id             uuid        NOT NULL PRIMARY KEY,
	author         uuid        NOT NULL,
	caption        text        NOT NULL,
	caption_locked text        NOT NULL,
	category       text        NOT NULL,
	visibility     text        NOT NULL,
	price_coins    bigint      NOT NULL,
	kind           text        NOT NULL,
	state          text        NOT NULL,
	merged         boolean     NOT NULL,
	version        bigint      NOT NULL,
	created_at     timestamptz NOT NULL,
	published_at   timestamptz,
	edited_at      timestamptz,
	deleted_at     timestamptz
);
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
	post     uuid   NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
	position bigint NOT NULL,
	media    uuid   NOT NULL,
	PRIMARY KEY (post, position)
);
CREATE INDEX post_media_media ON post_media (media);

-- published_at is copied here, so that a tag page is one index range.
CREATE TABLE post_tags (
	post         uuid        NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
	position     bigint      NOT NULL,
	tag          text        NOT NULL,
	published_at timestamptz,
	PRIMARY KEY (post, tag)
);
CREATE INDEX post_tags_newest ON post_tags (tag, published_at, post);

CREATE TABLE post_counts (
	post     uuid   NOT NULL PRIMARY KEY,
	likes    bigint NOT NULL,
	comments bigint NOT NULL,
	views    bigint NOT NULL,
	sales    bigint NOT NULL
);
