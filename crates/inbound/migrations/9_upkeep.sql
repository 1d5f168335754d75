-- backfill: somebody, or a link, asked for history. reconcile: a source is compared with its tool once a day.
ALTER TABLE backfill ADD COLUMN mode TEXT NOT NULL DEFAULT 'backfill';
ALTER TABLE pull_run ADD COLUMN mode TEXT NOT NULL DEFAULT 'backfill';
CREATE INDEX pull_run_open ON pull_run (source_id) WHERE finished_at IS NULL;

-- The state of the work that keeps a linked source true by itself.
CREATE TABLE source_upkeep (
    source_id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    -- The time of the next reconcile; NULL until it is planned.
    reconcile_at BIGINT,
    -- The time up to which the last completed reconcile has looked, and the time at which the last one ended.
    reconciled_to BIGINT,
    reconciled_at BIGINT,
    -- The events of the last reconcile that found some which nothing had told, and its time.
    missed BIGINT NOT NULL,
    missed_at BIGINT,
    -- The time of the next poll, if one is needed then, and of the last one that read everything.
    poll_at BIGINT NOT NULL,
    polled_at BIGINT,
    poll_failures BIGINT NOT NULL,
    poll_error TEXT,
    -- The time of the last webhook, to ten minutes.
    heard_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX source_upkeep_reconcile ON source_upkeep (reconcile_at);
CREATE INDEX source_upkeep_poll ON source_upkeep (poll_at);
CREATE INDEX source_upkeep_connection ON source_upkeep (connection_id);

-- A kind of thing of a linked source: how far polls have read it, and the reason why it cannot be read.
CREATE TABLE source_kind (
    source_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    polled_to BIGINT,
    -- The permission that is missing, as the provider calls it, and its sentence.
    permission TEXT,
    reason TEXT,
    blocked_at BIGINT,
    PRIMARY KEY (source_id, kind)
);
CREATE INDEX source_kind_blocked ON source_kind (connection_id) WHERE blocked_at IS NOT NULL;

INSERT INTO source_upkeep (source_id, organisation_id, connection_id, missed, poll_at, poll_failures, created_at)
    SELECT id, organisation_id, connection_id, 0, created_at, 0, created_at FROM source WHERE connection_id IS NOT NULL;
