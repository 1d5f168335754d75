CREATE TABLE application (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    uid TEXT,
    name TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX application_uid ON application (organisation_id, uid) WHERE uid IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX application_organisation ON application (organisation_id, id);

CREATE TABLE endpoint (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL,
    uid TEXT,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    version BIGINT NOT NULL,
    disabled BOOLEAN NOT NULL,
    -- JSON lists; NULL lets everything through.
    filter_types TEXT,
    channels TEXT,
    metadata TEXT NOT NULL,
    -- Sealed by the vault.
    secret TEXT NOT NULL,
    -- Since when every message has been given up; NULL after a success.
    failing_since BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX endpoint_uid ON endpoint (application_id, uid) WHERE uid IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX endpoint_application ON endpoint (application_id, id);

-- Secrets that still sign beside the current one, while receivers change over.
CREATE TABLE endpoint_old_secret (
    endpoint_id TEXT NOT NULL,
    secret TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (endpoint_id, expires_at)
);

CREATE TABLE message (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    event_id TEXT,
    channels TEXT,
    -- What is signed is what is sent: the bytes as they came.
    payload BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX message_application ON message (application_id, id);
CREATE UNIQUE INDEX message_event ON message (application_id, event_id) WHERE event_id IS NOT NULL;

CREATE TABLE message_attempt (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    url TEXT NOT NULL,
    succeeded BOOLEAN NOT NULL,
    -- 0 when there was no HTTP answer.
    status_code BIGINT NOT NULL,
    response TEXT NOT NULL,
    duration_ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT
);
CREATE INDEX message_attempt_message ON message_attempt (message_id, id);
CREATE INDEX message_attempt_endpoint ON message_attempt (endpoint_id, id);
CREATE INDEX message_attempt_application ON message_attempt (application_id, id);
