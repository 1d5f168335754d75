-- The way in which a delivery reached us: webhook, backfill, poll, manual or api. A backfill is history, and rings nobody.
ALTER TABLE delivery ADD COLUMN origin TEXT NOT NULL DEFAULT 'webhook';

-- A request to bring the history of a connected account along.
CREATE TABLE backfill (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    depth_days BIGINT NOT NULL,
    -- True if it began by itself, because resources were linked.
    is_automatic BOOLEAN NOT NULL,
    -- active, completed, incomplete or cancelled.
    status TEXT NOT NULL,
    reason TEXT,
    requested_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX backfill_recent ON backfill (connection_id, created_at, id);

-- A stretch of history: one kind of thing of one source, page by page.
CREATE TABLE pull_run (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    backfill_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    -- The place among the stretches of its backfill.
    place BIGINT NOT NULL,
    kind TEXT NOT NULL,
    since BIGINT NOT NULL,
    -- The provider's cursor behind the last page; NULL at the beginning.
    cursor TEXT,
    -- Pages that were stored, and how many of them have been processed, or were given up.
    pages BIGINT NOT NULL,
    pages_processed BIGINT NOT NULL,
    pages_lost BIGINT NOT NULL,
    -- Events that the pages tell, how many of them were new to the memory, and items that could not be read.
    produced BIGINT NOT NULL,
    remembered BIGINT NOT NULL,
    unreadable BIGINT NOT NULL,
    -- A JSON list of sentences, the first twenty.
    errors TEXT NOT NULL,
    -- waiting, running, fetched, completed, failed or cancelled.
    status TEXT NOT NULL,
    reason TEXT,
    -- While the provider wants no calls.
    waits_until BIGINT,
    started_at BIGINT,
    finished_at BIGINT
);
CREATE INDEX pull_run_backfill ON pull_run (backfill_id, place);
CREATE INDEX pull_run_covered ON pull_run (source_id, kind, since) WHERE status = 'completed';
