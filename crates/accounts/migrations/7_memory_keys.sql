-- What reads the memory of one workspace, and nothing else.
CREATE TABLE memory_key (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- What may be shown of it: enough to recognise, too little to use.
    prefix TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    -- To the hour.
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX memory_key_organisation ON memory_key (organisation_id);
