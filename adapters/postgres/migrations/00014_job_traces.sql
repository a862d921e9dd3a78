-- +goose Up

-- The request that asked for a job, and the one that asked for it once more
-- while it ran; none where no request did.
ALTER TABLE jobs ADD COLUMN trace_id text;
ALTER TABLE jobs ADD COLUMN next_trace_id text;
