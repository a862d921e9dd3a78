-- +goose Up

-- Facts that wait to be published, appended in the transaction that made them.
CREATE TABLE outbox (
	id          uuid        NOT NULL PRIMARY KEY,
	topic       text        NOT NULL,
	payload     text        NOT NULL,
	trace_id    text        NOT NULL,
	occurred_at timestamptz NOT NULL,
	due_at      timestamptz NOT NULL,
	attempts    bigint      NOT NULL,
	last_error  text        NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at, id);

-- Which consumer has done with which event.
CREATE TABLE consumed_events (
	consumer text        NOT NULL,
	event_id uuid        NOT NULL,
	at       timestamptz NOT NULL,
	PRIMARY KEY (consumer, event_id)
);
CREATE INDEX consumed_events_at ON consumed_events (at);

-- What a consumer gave up on; an operator looks at it and sends it again.
CREATE TABLE parked_events (
	consumer    text        NOT NULL,
	event_id    uuid        NOT NULL,
	topic       text        NOT NULL,
	payload     text        NOT NULL,
	trace_id    text        NOT NULL,
	occurred_at timestamptz NOT NULL,
	error       text        NOT NULL,
	parked_at   timestamptz NOT NULL,
	PRIMARY KEY (consumer, event_id)
);

-- Work to be done once, by whichever process has a hand free. run_at is when it
-- is due; of a job that is running, when it is due for others. lease counts the
-- claims and is the fencing token: who finishes must still hold the last one.
-- turn is the place in the fair queue of the kind; NULL outside of it, before
-- the first claim that finds the job due and from its own claim on. next_ is
-- what was asked for while the job was running.
CREATE TABLE jobs (
	id           uuid        NOT NULL PRIMARY KEY,
	kind         text        NOT NULL,
	subject      uuid        NOT NULL,
	owner        uuid        NOT NULL,
	payload      text        NOT NULL,
	turn         bigint,
	run_at       timestamptz NOT NULL,
	running      boolean     NOT NULL,
	attempts     bigint      NOT NULL,
	lease        bigint      NOT NULL,
	next_payload text,
	next_run_at  timestamptz,
	last_error   text        NOT NULL,
	created_at   timestamptz NOT NULL,
	UNIQUE (kind, subject)
);
CREATE INDEX jobs_turn ON jobs (kind, turn, run_at, id) WHERE turn IS NOT NULL;
CREATE INDEX jobs_owner ON jobs (kind, owner, turn) WHERE turn IS NOT NULL;
CREATE INDEX jobs_run_at ON jobs (kind, run_at, id) WHERE turn IS NULL;

-- A row for each kind of job: locked by who deals out turns.
CREATE TABLE job_kinds (
	kind text NOT NULL PRIMARY KEY
);

-- Answers of operations that must not happen twice.
CREATE TABLE idempotency_keys (
	account    uuid        NOT NULL,
	operation  text        NOT NULL,
	key        text        NOT NULL,
	input_hash bytea       NOT NULL,
	result     text,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (account, operation, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
