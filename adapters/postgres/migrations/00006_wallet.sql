-- +goose Up

-- What the journal says of a fan's coins, kept beside it: the row that a
-- spending locks.
CREATE TABLE wallets (
	account    uuid        NOT NULL PRIMARY KEY,
	paid       bigint      NOT NULL CHECK (paid >= 0),
	bonus      bigint      NOT NULL CHECK (bonus >= 0),
	updated_at timestamptz NOT NULL
);

-- Coins by where they came from. value is what the coins left in the lot are
-- worth, in minor units of currency.
CREATE TABLE lots (
	id         uuid        NOT NULL PRIMARY KEY,
	account    uuid        NOT NULL,
	kind       text        NOT NULL,
	origin     text        NOT NULL,
	top_up     uuid,
	granted    bigint      NOT NULL,
	remaining  bigint      NOT NULL CHECK (remaining >= 0),
	value      bigint      NOT NULL CHECK (value >= 0),
	currency   text        NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz
);
CREATE INDEX lots_spendable ON lots (account) WHERE remaining > 0;
CREATE INDEX lots_expiry ON lots (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL;

-- The book. Rows are written once and never changed: a correction is a new
-- journal. reference makes each fact bookable once.
CREATE TABLE journals (
	id        uuid        NOT NULL PRIMARY KEY,
	kind      text        NOT NULL,
	reference text        NOT NULL UNIQUE,
	owner     uuid,
	subject   uuid,
	at        timestamptz NOT NULL
);
CREATE INDEX journals_owner ON journals (owner, id) WHERE owner IS NOT NULL;

-- One posting moves amount of asset from the debit account to the credit one,
-- so every journal balances by its shape.
CREATE TABLE postings (
	journal        uuid   NOT NULL REFERENCES journals (id),
	line           bigint NOT NULL,
	debit_account  text   NOT NULL,
	debit_owner    uuid,
	credit_account text   NOT NULL,
	credit_owner   uuid,
	asset          text   NOT NULL,
	amount         bigint NOT NULL CHECK (amount > 0),
	PRIMARY KEY (journal, line)
);
CREATE INDEX postings_debit ON postings (debit_owner, debit_account, journal) WHERE debit_owner IS NOT NULL;
CREATE INDEX postings_credit ON postings (credit_owner, credit_account, journal) WHERE credit_owner IS NOT NULL;

-- What an account of the ledger had earned up to a journal, so that reading it
-- does not take longer with every sale. Made again from the book at any time.
CREATE TABLE ledger_snapshots (
	owner   uuid    NOT NULL,
	account text    NOT NULL,
	asset   text    NOT NULL,
	through uuid    NOT NULL,
	balance bigint  NOT NULL,
	PRIMARY KEY (owner, account, asset)
);

-- A purchase is the entitlement to its post: it stays when the fan unsubscribes.
CREATE TABLE purchases (
	id      uuid        NOT NULL PRIMARY KEY,
	buyer   uuid        NOT NULL,
	post    uuid        NOT NULL,
	seller  uuid        NOT NULL,
	coins   bigint      NOT NULL,
	paid    bigint      NOT NULL,
	bonus   bigint      NOT NULL,
	journal uuid        NOT NULL REFERENCES journals (id),
	at      timestamptz NOT NULL,
	UNIQUE (buyer, post)
);
CREATE INDEX purchases_library ON purchases (buyer, id);
CREATE INDEX purchases_post ON purchases (post);

CREATE TABLE top_ups (
	id           uuid        NOT NULL PRIMARY KEY,
	account      uuid        NOT NULL,
	pack         text        NOT NULL,
	coins        bigint      NOT NULL,
	bonus        bigint      NOT NULL,
	amount       bigint      NOT NULL,
	currency     text        NOT NULL,
	provider     text        NOT NULL,
	provider_ref text        NOT NULL,
	client       text        NOT NULL,
	state        text        NOT NULL,
	failure      text        NOT NULL,
	version      bigint      NOT NULL,
	created_at   timestamptz NOT NULL,
	updated_at   timestamptz NOT NULL,
	expires_at   timestamptz NOT NULL,
	paid_at      timestamptz
);
CREATE INDEX top_ups_account ON top_ups (account, id);
CREATE INDEX top_ups_open ON top_ups (updated_at) WHERE state IN ('created', 'awaiting', 'processing');
CREATE UNIQUE INDEX top_ups_provider_ref ON top_ups (provider, provider_ref) WHERE provider_ref <> '';

-- Webhooks that were taken in: the same one twice is taken once.
CREATE TABLE webhook_events (
	provider    text        NOT NULL,
	dedupe_key  text        NOT NULL,
	kind        text        NOT NULL,
	payment_ref text        NOT NULL,
	received_at timestamptz NOT NULL,
	PRIMARY KEY (provider, dedupe_key)
);

CREATE INDEX webhook_events_received ON webhook_events (received_at);

-- The book of the sandbox payment provider, which plays a real one.
CREATE TABLE sandbox_payments (
	ref        text        NOT NULL PRIMARY KEY,
	record     text        NOT NULL,
	updated_at timestamptz NOT NULL
);
