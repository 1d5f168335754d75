-- An account of a tool that an organisation has connected.
CREATE TABLE connection (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- The provider's id of the account, and its name there as it was last seen.
    account_id TEXT NOT NULL,
    account_label TEXT NOT NULL,
    -- oauth or token.
    kind TEXT NOT NULL,
    -- Sealed by the vault for this row: the tokens as JSON. NULL once they are erased.
    credentials TEXT,
    -- Counts the tokens that the row has had. A refresh replaces only those that it has read.
    token_generation BIGINT NOT NULL,
    expires_at BIGINT,
    refresh_at BIGINT,
    -- While a node refreshes the tokens, the others wait, but not beyond this time.
    refresh_held_until BIGINT,
    -- A JSON list.
    scopes TEXT NOT NULL,
    -- active, degraded, revoked, closing or closed.
    status TEXT NOT NULL,
    status_reason TEXT,
    status_at BIGINT NOT NULL,
    connected_by TEXT NOT NULL,
    last_seen_at BIGINT,
    check_at BIGINT,
    -- Failures since the last good call, and how many of them say that the tokens are refused.
    failures BIGINT NOT NULL,
    refusals BIGINT NOT NULL,
    limit_total BIGINT,
    limit_remaining BIGINT,
    limit_reset_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX connection_account ON connection (organisation_id, provider, account_id);
CREATE INDEX connection_recent ON connection (organisation_id, created_at, id);
CREATE INDEX connection_due ON connection (check_at) WHERE check_at IS NOT NULL;

-- The history of a connection, one line for each event.
CREATE TABLE connection_log (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    from_status TEXT,
    to_status TEXT,
    reason TEXT,
    -- person, provider, health or system.
    triggered_by TEXT NOT NULL
);
CREATE INDEX connection_log_recent ON connection_log (connection_id, at, id);

-- An authorisation that was begun. The person who comes back brings its state. It is read once.
CREATE TABLE oauth_state (
    -- SHA-256 of the state, in hex.
    state_hash TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- Sealed by the vault for this row.
    verifier TEXT NOT NULL,
    return_to TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX oauth_state_expired ON oauth_state (expires_at);

-- The teams, repositories and projects of a connected account.
CREATE TABLE connection_resource (
    organisation_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- In lower case, to order and to search by.
    name_key TEXT NOT NULL,
    -- The name by which it was first known.
    first_name TEXT NOT NULL,
    url TEXT,
    is_private BOOLEAN NOT NULL,
    is_archived BOOLEAN NOT NULL,
    -- active, or inactive: a complete list did not have it.
    status TEXT NOT NULL,
    listed_at BIGINT NOT NULL,
    PRIMARY KEY (connection_id, kind, provider_id)
);
CREATE INDEX connection_resource_name ON connection_resource (connection_id, name_key, provider_id);
