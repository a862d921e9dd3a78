-- +goose Up

-- Tells the sendings of an event apart: its id at first, another one when an
-- operator sends it again. Who has published one does not take off the other.
ALTER TABLE outbox ADD COLUMN delivery uuid;
UPDATE outbox SET delivery = id;
ALTER TABLE outbox ALTER COLUMN delivery SET NOT NULL;
