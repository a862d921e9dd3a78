-- +goose Up

-- inbox_from is the publication time from which on the creator's posts belong
-- into the subscriber's inbox.
CREATE TABLE subscriptions (
	subscriber uuid        NOT NULL,
	creator    uuid        NOT NULL,
	since      timestamptz NOT NULL,
	inbox_from timestamptz NOT NULL,
	PRIMARY KEY (subscriber, creator)
);
CREATE INDEX subscriptions_creator ON subscriptions (creator, subscriber);
CREATE INDEX subscriptions_newest ON subscriptions (creator, since, subscriber);
CREATE INDEX subscriptions_own_newest ON subscriptions (subscriber, since, creator);

CREATE TABLE inbox_entries (
	account      uuid        NOT NULL,
	published_at timestamptz NOT NULL,
	post         uuid        NOT NULL,
	author       uuid        NOT NULL,
	PRIMARY KEY (account, published_at, post)
);
CREATE INDEX inbox_entries_author ON inbox_entries (account, author);
CREATE INDEX inbox_entries_post ON inbox_entries (post);
