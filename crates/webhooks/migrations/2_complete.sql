-- Everything that the Svix API knows of beside the first bell's messages.

ALTER TABLE application ADD COLUMN throttle_rate BIGINT;
-- Raised with every change of the application or of its endpoints, so that those who keep a copy
-- see that it is old.
ALTER TABLE application ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
-- The organisation's own application, whose endpoints are told of what becomes of the others'.
ALTER TABLE application ADD COLUMN is_operational BOOLEAN NOT NULL DEFAULT FALSE;
CREATE UNIQUE INDEX application_operational ON application (organisation_id) WHERE is_operational;

ALTER TABLE endpoint ADD COLUMN throttle_rate BIGINT;
-- Headers that are sent along: a sealed JSON object.
ALTER TABLE endpoint ADD COLUMN headers TEXT;

CREATE TABLE event_type (
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    archived BOOLEAN NOT NULL,
    deprecated BOOLEAN NOT NULL,
    -- JSON: version to JSON Schema.
    schemas TEXT,
    -- JSON list; who has none of them does not see it.
    feature_flags TEXT,
    group_name TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, name)
) WITHOUT ROWID;

-- A message is found by its application and id: ids sort by time, so its lists need no other index.
DROP INDEX message_application;
DROP INDEX message_event;
ALTER TABLE message RENAME TO message_before;
CREATE TABLE message (
    id TEXT NOT NULL,
    application_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    event_id TEXT,
    -- The hash of the request that made it, for as long as a repeat is answered with it.
    request TEXT,
    -- JSON lists.
    channels TEXT,
    tags TEXT,
    -- What is signed is what is sent: the bytes as they came. None once they are expunged.
    payload BYTEA,
    -- As the sender named it; JSON otherwise.
    content_type TEXT,
    created_at BIGINT NOT NULL,
    deliver_at BIGINT,
    -- When the payload is expunged, where it is not kept as long as the message.
    expires_at BIGINT,
    PRIMARY KEY (application_id, id)
);
INSERT INTO message (id, application_id, event_type, event_id, channels, payload, created_at)
    SELECT id, application_id, event_type, event_id, channels, payload, created_at FROM message_before;
DROP TABLE message_before;
CREATE UNIQUE INDEX message_event ON message (application_id, event_id) WHERE event_id IS NOT NULL;
CREATE INDEX message_expires ON message (expires_at) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX message_request ON message (application_id, request) WHERE request IS NOT NULL;

DROP INDEX message_attempt_message;
DROP INDEX message_attempt_endpoint;
DROP INDEX message_attempt_application;
ALTER TABLE message_attempt RENAME TO message_attempt_before;
CREATE TABLE message_attempt (
    message_id TEXT NOT NULL,
    id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    -- How many were made by schedule before it; -1 for one that somebody asked for.
    number BIGINT NOT NULL,
    url TEXT NOT NULL,
    -- 0 success, 2 failure, 4 called off.
    status BIGINT NOT NULL,
    -- 0 when there was no HTTP answer.
    status_code BIGINT NOT NULL,
    response TEXT NOT NULL,
    duration_ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT,
    PRIMARY KEY (message_id, id)
) WITHOUT ROWID;
INSERT INTO message_attempt (message_id, id, endpoint_id, number, url, status, status_code, response, duration_ms,
        created_at, next_at)
    SELECT message_id, id, endpoint_id, number, url, CASE WHEN succeeded THEN 0 ELSE 2 END, status_code, response,
        duration_ms, created_at, next_at
    FROM message_attempt_before;
DROP TABLE message_attempt_before;
CREATE INDEX message_attempt_endpoint ON message_attempt (endpoint_id, id, status);
CREATE INDEX message_attempt_destination ON message_attempt (endpoint_id, message_id, id);

-- Tokens that open one application, for its owner's browser.
CREATE TABLE application_token (
    -- SHA-256 of the token.
    hash TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    application_id TEXT NOT NULL,
    session_id TEXT,
    -- JSON lists; no capabilities means all of them.
    capabilities TEXT,
    feature_flags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX application_token_application ON application_token (application_id, session_id);
CREATE INDEX application_token_age ON application_token (expires_at);

-- What was answered to a request with an Idempotency-Key, for as long as a repeat gets the same.
CREATE TABLE answered_request (
    -- SHA-256 of who asked, the key, and what for.
    hash TEXT PRIMARY KEY,
    -- None while the first is under way, which is given up at `until`.
    status BIGINT,
    body TEXT,
    until BIGINT NOT NULL
);
CREATE INDEX answered_request_age ON answered_request (until);

-- Work on many messages, which reports how far it is.
CREATE TABLE webhook_task (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    task TEXT NOT NULL,
    -- running, finished or failed.
    status TEXT NOT NULL,
    -- JSON: what it is to do, how far it is, what it came to.
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX webhook_task_organisation ON webhook_task (organisation_id, id);
