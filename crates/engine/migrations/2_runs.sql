-- Everything that the engine does is a run: of a job (one call), or of a workflow (a call that is
-- replayed through its steps). The row is its own place in the queue.
--
-- status: 0 queued, 1 running, 2 waiting (for its time, or for something to come); 10 completed, 11 failed, 12 cancelled.
-- A row with a status below 10 is active: it is due at `due`, and the partial indexes hold it.
CREATE TABLE run (
    id TEXT PRIMARY KEY,
    shard BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- 0 for a job.
    version BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    -- The queue within memory that it belongs to: a hash of name, tenant and keys.
    lane BIGINT NOT NULL,
    key1 TEXT,
    key2 TEXT,
    throttle TEXT,
    -- Whether it has its concurrency slots for as long as it lasts, and has taken them.
    holds BOOLEAN NOT NULL,
    priority BIGINT NOT NULL,
    status BIGINT NOT NULL,
    due BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    -- Raised by whoever changes the row beside its owner: a completion names the one it knows.
    generation BIGINT NOT NULL,
    -- How often the process died while this was under way.
    crashes BIGINT NOT NULL,
    -- How many results were put into its inbox.
    pokes BIGINT NOT NULL,
    -- How many results were delivered to it.
    seq BIGINT NOT NULL,
    -- Its place among others that must not be stored twice, while it is active.
    dedupe TEXT,
    singleton TEXT,
    -- Whether it gathers further events until it is due.
    gathers BOOLEAN NOT NULL,
    start_by BIGINT,
    cause TEXT NOT NULL,
    parent TEXT,
    parent_step TEXT,
    queued_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    input TEXT NOT NULL,
    output TEXT,
    error TEXT
);
CREATE INDEX run_due ON run (due, id) WHERE status < 10;
-- What could start now stands in its order; a million sleepers stand apart, in nobody's way.
CREATE INDEX run_lane ON run (lane, priority, queued_at, id) WHERE status < 2;
CREATE INDEX run_waiting ON run (lane, due, id) WHERE status = 2;
CREATE UNIQUE INDEX run_dedupe ON run (dedupe) WHERE dedupe IS NOT NULL;
CREATE INDEX run_holding ON run (shard) WHERE status < 10 AND holds;
-- History is listed as a whole, by name, and what has not ended well by itself; jobs that are done
-- leave the table.
CREATE INDEX run_listed ON run (tenant, id);
CREATE INDEX run_named ON run (tenant, name, id);
CREATE INDEX run_unfinished ON run (tenant, id) WHERE status <> 10;
CREATE INDEX run_ended ON run (ended_at, id) WHERE status >= 10;
CREATE INDEX run_children ON run (parent) WHERE parent IS NOT NULL;

INSERT INTO run (id, shard, name, version, tenant, lane, key1, holds, priority, status, due, attempt, generation,
        crashes, pokes, seq, dedupe, gathers, cause, queued_at, input, error)
    SELECT id, shard, kind, 0, tenant, 0, key, FALSE, priority, 2, due, attempt, generation,
        0, 0, 0, dedupe, FALSE, 'call', created_at, args, last_error
    FROM job;
INSERT INTO run (id, shard, name, version, tenant, lane, key1, holds, priority, status, due, attempt, generation,
        crashes, pokes, seq, gathers, cause, queued_at, ended_at, input, error)
    SELECT id, 0, kind, 0, tenant, 0, key, FALSE, 0, 11, died_at, attempts, 0,
        0, 0, 0, FALSE, 'call', created_at, died_at, args, error
    FROM dead_job;
DROP TABLE job;
DROP TABLE dead_job;

-- What a run knows of its steps: written by its owner alone, and a result only once.
-- state: 0 pending, 1 succeeded, 2 failed.
CREATE TABLE step (
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    -- The place of its result in the order of delivery; none while it is pending.
    seq BIGINT,
    kind TEXT NOT NULL,
    state BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    due BIGINT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    result TEXT,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;

-- Attempts of steps that failed; a success is in the step.
CREATE TABLE step_failure (
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (run_id, key, attempt)
) WITHOUT ROWID;

-- Results that came from outside of a run, until its owner takes them in.
CREATE TABLE inbox (
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    state BIGINT NOT NULL,
    result TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;

-- What was said in a tenant. Kept for those who look back, and for the history.
CREATE TABLE event (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX event_said ON event (tenant, name, at, id);
CREATE INDEX event_age ON event (at, id);

-- Runs that listen: to go on (kind 0), or to be cancelled (kind 1).
CREATE TABLE wait (
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    kind BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    event TEXT NOT NULL,
    -- `data.path=json` of an equality that must hold, or nothing.
    equal TEXT NOT NULL,
    expression TEXT,
    expires BIGINT NOT NULL,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;
CREATE INDEX wait_event ON wait (tenant, event, equal);
-- The paths that equalities on an event have named, so that a sender knows what to look up.
CREATE TABLE wait_path (
    event TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (event, path)
) WITHOUT ROWID;

-- Flow control.
CREATE TABLE limiter (key TEXT PRIMARY KEY, tat BIGINT NOT NULL);
CREATE TABLE idempotency (key TEXT PRIMARY KEY, run_id TEXT NOT NULL, expires BIGINT NOT NULL);
CREATE INDEX idempotency_age ON idempotency (expires);
CREATE TABLE singleton (key TEXT PRIMARY KEY, run_id TEXT NOT NULL);
-- A run that is not due yet and takes in more: the last event (debounce), or each one (batch).
CREATE TABLE gathering (
    key TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    items BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX gathering_run ON gathering (run_id);
CREATE TABLE gathered (
    run_id TEXT NOT NULL,
    item BIGINT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run_id, item)
) WITHOUT ROWID;
-- Many runs to be called off, a few at a time.
CREATE TABLE bulk_cancel (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    queued_after BIGINT NOT NULL,
    queued_before BIGINT NOT NULL,
    -- The last run that was looked at.
    cursor TEXT NOT NULL,
    cancelled BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE TABLE paused (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    by_whom TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

-- Nodes that live: whoever finishes work locks its own row against burial. `beat` grows.
CREATE TABLE engine_node (
    epoch BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    started_at BIGINT NOT NULL
);
CREATE TABLE engine_beat (epoch BIGINT PRIMARY KEY, beat BIGINT NOT NULL);
DROP TABLE shard_lease;
CREATE TABLE shard_lease (shard BIGINT PRIMARY KEY, epoch BIGINT NOT NULL, clean BOOLEAN NOT NULL);
INSERT INTO shard_lease (shard, epoch, clean)
    WITH RECURSIVE shards (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM shards WHERE n < 63)
    SELECT n, 0, TRUE FROM shards;
-- Runs that somebody else than their owner has touched: the owner looks at them and forgets this.
CREATE TABLE nudge (
    id TEXT PRIMARY KEY,
    shard BIGINT NOT NULL,
    run_id TEXT NOT NULL
);

-- What was counted, in the transaction of what it counts; folded into run_stat by the minute.
-- outcome: 0 queued, 1 retried, 10 completed, 11 failed, 12 cancelled, 13 skipped.
CREATE TABLE tally (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    hour BIGINT NOT NULL,
    outcome BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    runs BIGINT NOT NULL,
    millis BIGINT NOT NULL,
    longest BIGINT NOT NULL
);
CREATE TABLE run_stat (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    hour BIGINT NOT NULL,
    outcome BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    runs BIGINT NOT NULL,
    millis BIGINT NOT NULL,
    longest BIGINT NOT NULL,
    PRIMARY KEY (tenant, name, hour, outcome, bucket)
) WITHOUT ROWID;
-- How many runs of each name there are that have not ended.
CREATE TABLE run_active (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    runs BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;
