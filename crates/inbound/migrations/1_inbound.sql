-- One connected thing of a connector: where its deliveries arrive, and how they are signed.
CREATE TABLE source (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    -- Sealed by the vault.
    secret TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX source_workspace ON source (workspace_id, created_at);

-- An inbound request as it came, and what became of it.
CREATE TABLE delivery (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- The provider's id of it. A repeat has the same.
    delivery_id TEXT NOT NULL,
    event TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    settled_at BIGINT
);
CREATE UNIQUE INDEX delivery_once ON delivery (source_id, delivery_id);
CREATE INDEX delivery_recent ON delivery (workspace_id, received_at, id);

-- Repositories that a source was told of, by their immutable number.
CREATE TABLE repository (
    source_id TEXT NOT NULL,
    provider_id BIGINT NOT NULL,
    installation_id BIGINT,
    full_name TEXT NOT NULL,
    -- active, inactive (access was withdrawn) or deleted.
    status TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (source_id, provider_id)
);
