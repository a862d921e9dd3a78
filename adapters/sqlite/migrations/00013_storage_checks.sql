-- +goose Up

-- Whether anything was ever made of it: a post, or somebody's face. What nothing
-- was made of is taken away after a while.
ALTER TABLE media ADD COLUMN attached INTEGER NOT NULL DEFAULT 0;
UPDATE media SET attached = 1 WHERE EXISTS (SELECT 1 FROM post_media p WHERE p.media = media.id)
	OR id IN (SELECT avatar FROM accounts WHERE avatar IS NOT NULL);
CREATE INDEX media_unattached ON media (id) WHERE NOT attached AND deleted_at IS NULL;

-- What the last comparison of the media with the blob store has found.
CREATE TABLE storage_checks (
	kind       TEXT    NOT NULL PRIMARY KEY,
	found      INTEGER NOT NULL,
	bytes      INTEGER NOT NULL,
	removed    INTEGER NOT NULL,
	checked_at INTEGER NOT NULL
) STRICT;
