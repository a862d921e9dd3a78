-- +goose Up

-- Tells the sendings of an event apart: its id at first, another one when an
-- operator sends it again. Who has published one does not take off the other.
CREATE TABLE outbox_with_delivery (
	id          BLOB        NOT NULL PRIMARY KEY,
	topic       TEXT        NOT NULL,
	payload     TEXT        NOT NULL,
	trace_id    TEXT        NOT NULL,
	occurred_at INTEGER     NOT NULL,
	due_at      INTEGER     NOT NULL,
	attempts    INTEGER     NOT NULL,
	last_error  TEXT        NOT NULL,
	delivery    BLOB        NOT NULL
) STRICT;
INSERT INTO outbox_with_delivery SELECT id, topic, payload, trace_id, occurred_at, due_at, attempts, last_error, id FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_with_delivery RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (due_at, id);
