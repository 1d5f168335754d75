CREATE TABLE organisation (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE workspace (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Observations from this significance on are told to the members.
    notify_threshold BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX workspace_name ON workspace (organisation_id, name);
CREATE TABLE person (
    id TEXT PRIMARY KEY,
    -- Lower case: an address names one person however it is typed.
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT,
    created_at BIGINT NOT NULL
);
CREATE TABLE membership (
    organisation_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, person_id)
);
CREATE INDEX membership_person ON membership (person_id);
CREATE TABLE secret_key (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- What may be shown of it: enough to recognise, too little to use.
    prefix TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX secret_key_organisation ON secret_key (organisation_id);
CREATE TABLE session (
    hash TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE sign_in_link (
    hash TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE activity (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    result TEXT NOT NULL,
    metadata TEXT NOT NULL
);
CREATE INDEX activity_recent ON activity (organisation_id, at, id);
