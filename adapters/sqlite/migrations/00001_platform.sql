-- +goose Up

-- Facts that wait to be published, appended in the transaction that made them.
CREATE TABLE outbox (
	id          BLOB        NOT NULL PRIMARY KEY,
	topic       TEXT        NOT NULL,
	payload     TEXT        NOT NULL,
	trace_id    TEXT        NOT NULL,
	occurred_at INTEGER     NOT NULL,
	due_at      INTEGER     NOT NULL,
	attempts    INTEGER     NOT NULL,
	last_error  TEXT        NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at, id);

-- Which consumer has done with which event.
CREATE TABLE consumed_events (
	consumer TEXT        NOT NULL,
	event_id BLOB        NOT NULL,
	at       INTEGER     NOT NULL,
	PRIMARY KEY (consumer, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX consumed_events_at ON consumed_events (at);

-- What a consumer gave up on; an operator looks at it and sends it again.
CREATE TABLE parked_events (
	consumer    TEXT        NOT NULL,
	event_id    BLOB        NOT NULL,
	topic       TEXT        NOT NULL,
	payload     TEXT        NOT NULL,
	trace_id    TEXT        NOT NULL,
	occurred_at INTEGER     NOT NULL,
	error       TEXT        NOT NULL,
	parked_at   INTEGER     NOT NULL,
	PRIMARY KEY (consumer, event_id)
) STRICT;

-- Work to be done once, by whichever process has a hand free. run_at is when it
-- is due; of a job that is running, when it is due for others. lease counts the
-- claims and is the fencing token: who finishes must still hold the last one.
-- turn is the place in the fair queue of the kind; NULL outside of it, before
-- the first claim that finds the job due and from its own claim on. next_ is
-- what was asked for while the job was running.
CREATE TABLE jobs (
	id           BLOB        NOT NULL PRIMARY KEY,
	kind         TEXT        NOT NULL,
	subject      BLOB        NOT NULL,
	owner        BLOB        NOT NULL,
	payload      TEXT        NOT NULL,
	turn         INTEGER,
	run_at       INTEGER     NOT NULL,
	running      INTEGER     NOT NULL,
	attempts     INTEGER     NOT NULL,
	lease        INTEGER     NOT NULL,
	next_payload TEXT,
	next_run_at  INTEGER,
	last_error   TEXT        NOT NULL,
	created_at   INTEGER     NOT NULL,
	UNIQUE (kind, subject)
) STRICT;
CREATE INDEX jobs_turn ON jobs (kind, turn, run_at, id) WHERE turn IS NOT NULL;
CREATE INDEX jobs_owner ON jobs (kind, owner, turn) WHERE turn IS NOT NULL;
CREATE INDEX jobs_run_at ON jobs (kind, run_at, id) WHERE turn IS NULL;

-- A row for each kind of job: locked by who deals out turns.
CREATE TABLE job_kinds (
	kind TEXT NOT NULL PRIMARY KEY
) STRICT;

-- Answers of operations that must not happen twice.
CREATE TABLE idempotency_keys (
	account    BLOB        NOT NULL,
	operation  TEXT        NOT NULL,
	key        TEXT        NOT NULL,
	input_hash BLOB        NOT NULL,
	result     TEXT,
	created_at INTEGER     NOT NULL,
	PRIMARY KEY (account, operation, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
