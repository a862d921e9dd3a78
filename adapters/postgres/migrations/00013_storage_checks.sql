-- +goose Up

-- Whether anything was ever made of it: a post, or somebody's face. What nothing
-- was made of is taken away after a while.
ALTER TABLE media ADD COLUMN attached boolean NOT NULL DEFAULT FALSE;
UPDATE media SET attached = TRUE WHERE EXISTS (SELECT 1 FROM post_media p WHERE p.media = media.id)
	OR id IN (SELECT avatar FROM accounts WHERE avatar IS NOT NULL);
CREATE INDEX media_unattached ON media (id) WHERE NOT attached AND deleted_at IS NULL;

-- What the last comparison of the media with the blob store has found.
CREATE TABLE storage_checks (
	kind       text        NOT NULL PRIMARY KEY,
	found      bigint      NOT NULL,
	bytes      bigint      NOT NULL,
	removed    bigint      NOT NULL,
	checked_at timestamptz NOT NULL
);
