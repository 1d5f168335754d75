-- Endpoints that are not just sent each message as it comes: scripts that change it, limits of speed, order, polling, and
-- other proofs of who is calling than a signature.

-- How messages get there: 'push', 'fifo' in strict order, 'poll' when the receiver asks.
ALTER TABLE endpoint ADD COLUMN way TEXT NOT NULL DEFAULT 'push';
-- In order: how many messages go in a request at most, and how many seconds one waits for others.
ALTER TABLE endpoint ADD COLUMN batch_size BIGINT NOT NULL DEFAULT 1;
ALTER TABLE endpoint ADD COLUMN max_wait BIGINT NOT NULL DEFAULT 0;
-- Sealed JSON: a script, and its variables.
ALTER TABLE endpoint ADD COLUMN transformation TEXT;
-- Sealed JSON: where tokens are asked for, and with what.
ALTER TABLE endpoint ADD COLUMN oauth TEXT;
-- Sealed: the certificate and its key that we show, in PEM.
ALTER TABLE endpoint ADD COLUMN identity TEXT;
-- The authority that the receiver's certificate is of, in PEM.
ALTER TABLE endpoint ADD COLUMN server_ca TEXT;

-- JSON: what the message's sender tells the scripts.
ALTER TABLE message ADD COLUMN transformations_params TEXT;

-- The line before an endpoint: what its messages are numbered with. Who takes a number holds the row until its
-- transaction ends, so numbers become visible in their order.
CREATE TABLE endpoint_line (
    endpoint_id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL,
    last BIGINT NOT NULL,
    -- Until when its job is taken to be at work; in the past, the next message gets it a new one.
    awake_until BIGINT NOT NULL,
    -- The job that moves it, and until when nobody else may: two would overtake each other.
    keeper TEXT,
    kept_until BIGINT NOT NULL,
    -- In order: how often the first has failed, and when it is tried again.
    failures BIGINT NOT NULL,
    retry_at BIGINT
);
CREATE TABLE endpoint_waiting (
    endpoint_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    -- How many attempts have failed; whether somebody asked for this one.
    failures BIGINT NOT NULL,
    is_manual BOOLEAN NOT NULL,
    PRIMARY KEY (endpoint_id, number)
) WITHOUT ROWID;
CREATE INDEX endpoint_waiting_message ON endpoint_waiting (message_id);
-- How far those who poll have come.
CREATE TABLE endpoint_consumer (
    endpoint_id TEXT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (endpoint_id, name)
);

-- A key for a system of others, by which it works with one application.
CREATE TABLE integration (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL,
    name TEXT NOT NULL,
    feature_flags TEXT NOT NULL,
    -- Sealed; its hash is among the tokens.
    key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX integration_application ON integration (application_id, id);
-- A token for one endpoint's messages alone.
ALTER TABLE application_token ADD COLUMN endpoint_id TEXT;
-- Sealed, where it may be read again.
ALTER TABLE application_token ADD COLUMN sealed TEXT;
