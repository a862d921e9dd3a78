-- +goose Up

-- inbox_from is the publication time from which on the creator's posts belong
-- into the subscriber's inbox.
CREATE TABLE subscriptions (
	subscriber BLOB        NOT NULL,
	creator    BLOB        NOT NULL,
	since      INTEGER     NOT NULL,
	inbox_from INTEGER     NOT NULL,
	PRIMARY KEY (subscriber, creator)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriptions_creator ON subscriptions (creator, subscriber);
CREATE INDEX subscriptions_newest ON subscriptions (creator, since, subscriber);
CREATE INDEX subscriptions_own_newest ON subscriptions (subscriber, since, creator);

CREATE TABLE inbox_entries (
	account      BLOB        NOT NULL,
	published_at INTEGER     NOT NULL,
	post         BLOB        NOT NULL,
	author       BLOB        NOT NULL,
	PRIMARY KEY (account, published_at, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_entries_author ON inbox_entries (account, author);
CREATE INDEX inbox_entries_post ON inbox_entries (post);
