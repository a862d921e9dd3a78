-- +goose Up

-- What the journal says of a fan's coins, kept beside it: the row that a
-- spending locks.
CREATE TABLE wallets (
	account    BLOB        NOT NULL PRIMARY KEY,
	paid       INTEGER     NOT NULL CHECK (paid >= 0),
	bonus      INTEGER     NOT NULL CHECK (bonus >= 0),
	updated_at INTEGER     NOT NULL
) STRICT;

-- Coins by where they came from. value is what the coins left in the lot are
-- worth, in minor units of currency.
CREATE TABLE lots (
	id         BLOB        NOT NULL PRIMARY KEY,
	account    BLOB        NOT NULL,
	kind       TEXT        NOT NULL,
	origin     TEXT        NOT NULL,
	top_up     BLOB,
	granted    INTEGER     NOT NULL,
	remaining  INTEGER     NOT NULL CHECK (remaining >= 0),
	value      INTEGER     NOT NULL CHECK (value >= 0),
	currency   TEXT        NOT NULL,
	created_at INTEGER     NOT NULL,
	expires_at INTEGER
) STRICT;
CREATE INDEX lots_spendable ON lots (account) WHERE remaining > 0;
CREATE INDEX lots_expiry ON lots (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL;

-- The book. Rows are written once and never changed: a correction is a new
-- journal. reference makes each fact bookable once.
CREATE TABLE journals (
	id        BLOB        NOT NULL PRIMARY KEY,
	kind      TEXT        NOT NULL,
	reference TEXT        NOT NULL UNIQUE,
	owner     BLOB,
	subject   BLOB,
	at        INTEGER     NOT NULL
) STRICT;
CREATE INDEX journals_owner ON journals (owner, id) WHERE owner IS NOT NULL;

-- One posting moves amount of asset from the debit account to the credit one,
-- so every journal balances by its shape.
CREATE TABLE postings (
	journal        BLOB   NOT NULL REFERENCES journals (id),
	line           INTEGER NOT NULL,
	debit_account  TEXT   NOT NULL,
	debit_owner    BLOB,
	credit_account TEXT   NOT NULL,
	credit_owner   BLOB,
	asset          TEXT   NOT NULL,
	amount         INTEGER NOT NULL CHECK (amount > 0),
	PRIMARY KEY (journal, line)
) STRICT;
CREATE INDEX postings_debit ON postings (debit_owner, debit_account, journal) WHERE debit_owner IS NOT NULL;
CREATE INDEX postings_credit ON postings (credit_owner, credit_account, journal) WHERE credit_owner IS NOT NULL;

-- What an account of the ledger had earned up to a journal, so that reading it
-- does not take longer with every sale. Made again from the book at any time.
CREATE TABLE ledger_snapshots (
	owner   BLOB    NOT NULL,
	account TEXT    NOT NULL,
	asset   TEXT    NOT NULL,
	through BLOB    NOT NULL,
	balance INTEGER NOT NULL,
	PRIMARY KEY (owner, account, asset)
) STRICT;

-- A purchase is the entitlement to its post: it stays when the fan unsubscribes.
CREATE TABLE purchases (
	id      BLOB        NOT NULL PRIMARY KEY,
	buyer   BLOB        NOT NULL,
	post    BLOB        NOT NULL,
	seller  BLOB        NOT NULL,
	coins   INTEGER     NOT NULL,
	paid    INTEGER     NOT NULL,
	bonus   INTEGER     NOT NULL,
	journal BLOB        NOT NULL REFERENCES journals (id),
	at      INTEGER     NOT NULL,
	UNIQUE (buyer, post)
) STRICT;
CREATE INDEX purchases_library ON purchases (buyer, id);
CREATE INDEX purchases_post ON purchases (post);

CREATE TABLE top_ups (
	id           BLOB        NOT NULL PRIMARY KEY,
	account      BLOB        NOT NULL,
	pack         TEXT        NOT NULL,
	coins        INTEGER     NOT NULL,
	bonus        INTEGER     NOT NULL,
	amount       INTEGER     NOT NULL,
	currency     TEXT        NOT NULL,
	provider     TEXT        NOT NULL,
	provider_ref TEXT        NOT NULL,
	client       TEXT        NOT NULL,
	state        TEXT        NOT NULL,
	failure      TEXT        NOT NULL,
	version      INTEGER     NOT NULL,
	created_at   INTEGER     NOT NULL,
	updated_at   INTEGER     NOT NULL,
	expires_at   INTEGER     NOT NULL,
	paid_at      INTEGER
) STRICT;
CREATE INDEX top_ups_account ON top_ups (account, id);
CREATE INDEX top_ups_open ON top_ups (updated_at) WHERE state IN ('created', 'awaiting', 'processing');
CREATE UNIQUE INDEX top_ups_provider_ref ON top_ups (provider, provider_ref) WHERE provider_ref <> '';

-- Webhooks that were taken in: the same one twice is taken once.
CREATE TABLE webhook_events (
	provider    TEXT        NOT NULL,
	dedupe_key  TEXT        NOT NULL,
	kind        TEXT        NOT NULL,
	payment_ref TEXT        NOT NULL,
	received_at INTEGER     NOT NULL,
	PRIMARY KEY (provider, dedupe_key)
) STRICT;

CREATE INDEX webhook_events_received ON webhook_events (received_at);

-- The book of the sandbox payment provider, which plays a real one.
CREATE TABLE sandbox_payments (
	ref        TEXT        NOT NULL PRIMARY KEY,
	record     TEXT        NOT NULL,
	updated_at INTEGER     NOT NULL
) STRICT;
