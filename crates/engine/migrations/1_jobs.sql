-- Work that is waiting or under way. A job that is done leaves this table.
CREATE TABLE job (
    id TEXT PRIMARY KEY,
    shard BIGINT NOT NULL,
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    key TEXT,
    priority BIGINT NOT NULL,
    due BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    dedupe TEXT,
    args TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_error TEXT
);
CREATE INDEX job_due ON job (due, id);
CREATE UNIQUE INDEX job_dedupe ON job (dedupe) WHERE dedupe IS NOT NULL;

-- Work that failed for good, kept with its reason until somebody retries or discards it.
CREATE TABLE dead_job (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    key TEXT,
    attempts BIGINT NOT NULL,
    args TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    died_at BIGINT NOT NULL,
    error TEXT NOT NULL
);
CREATE INDEX dead_job_recent ON dead_job (died_at, id);

-- Who runs which part of the work. An epoch is one life of one node; it is never used again.
CREATE TABLE engine_epoch (id BIGINT PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO engine_epoch (id, value) VALUES (1, 0);
CREATE TABLE shard_lease (
    shard BIGINT PRIMARY KEY,
    node TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
INSERT INTO shard_lease (shard, node, epoch, expires)
    WITH RECURSIVE shards (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM shards WHERE n < 63)
    SELECT n, '', 0, 0 FROM shards;
