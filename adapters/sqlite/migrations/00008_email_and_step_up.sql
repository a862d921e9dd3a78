-- +goose Up

-- email_verified_at is when mail was found to arrive at email; pending_email is
-- the address that is to take its place once mail is found to arrive there.
ALTER TABLE accounts ADD COLUMN email_verified_at INTEGER;
ALTER TABLE accounts ADD COLUMN pending_email TEXT;

-- When whoever holds the session last proved who he is.
ALTER TABLE sessions ADD COLUMN proved_at INTEGER;
