CREATE TABLE observation (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    -- The source event's identity: the same happening is remembered once.
    source_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    type TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    significance BIGINT NOT NULL,
    category TEXT NOT NULL,
    topics TEXT NOT NULL,
    actor TEXT,
    actor_id TEXT,
    -- How the actor was told: github_id, commit_sha, username or none.
    actor_method TEXT NOT NULL,
    refs TEXT NOT NULL,
    entities TEXT NOT NULL,
    metadata TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    captured_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX observation_once ON observation (workspace_id, source_id);
CREATE INDEX observation_recent ON observation (workspace_id, occurred_at, id);

-- What ties observations together: who speaks of the same commit, branch, issue or pull request.
CREATE TABLE observation_reference (
    workspace_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    observation_id TEXT NOT NULL,
    -- As people write it.
    written TEXT NOT NULL,
    label TEXT,
    -- subject (it is about this), reference (it names this) or mention (found in its text).
    role TEXT NOT NULL,
    PRIMARY KEY (workspace_id, kind, key, observation_id)
);

CREATE TABLE edge (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    from_id TEXT NOT NULL,
    to_id TEXT NOT NULL,
    type TEXT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    linking_key TEXT NOT NULL,
    linking_key_type TEXT NOT NULL,
    method TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX edge_once ON edge (workspace_id, from_id, to_id, type);
CREATE INDEX edge_incoming ON edge (workspace_id, to_id);

CREATE TABLE entity (
    workspace_id TEXT NOT NULL,
    category TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    evidence TEXT NOT NULL,
    first_observation_id TEXT NOT NULL,
    occurrences BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, category, key)
);

-- One person at one provider, and the name under which all their doings are counted.
CREATE TABLE actor_identity (
    organisation_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    canonical_id TEXT NOT NULL,
    username TEXT NOT NULL,
    email TEXT,
    avatar_url TEXT,
    method TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, provider, provider_id)
);
CREATE INDEX actor_identity_username ON actor_identity (organisation_id, provider, username);

CREATE TABLE actor_profile (
    workspace_id TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    email TEXT,
    observations BIGINT NOT NULL,
    last_active_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, actor_id)
);
