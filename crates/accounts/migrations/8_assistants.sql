-- Programs that have registered to be connected by a person. A registration that nobody uses expires.
CREATE TABLE assistant_client (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- NULL once a person has connected it.
    expires_at BIGINT
);
CREATE INDEX assistant_client_unused ON assistant_client (created_at) WHERE expires_at IS NOT NULL;

-- What a person has agreed to, until the client fetches its tokens with it. Used once; kept until it
-- expires, so that a second use is noticed.
CREATE TABLE assistant_code (
    hash TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    -- The SHA-256 of the client's verifier.
    challenge TEXT NOT NULL,
    resource TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- A client that reads one workspace on behalf of one member.
CREATE TABLE assistant_connection (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    -- The address that its tokens open.
    resource TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When its last token runs out.
    expires_at BIGINT NOT NULL,
    -- To the hour.
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX assistant_connection_organisation ON assistant_connection (organisation_id, person_id);

CREATE TABLE assistant_token (
    hash TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL,
    -- access or refresh
    kind TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- A refresh token is used once; kept until it expires, so that a second use is noticed.
    used_at BIGINT
);
CREATE INDEX assistant_token_connection ON assistant_token (connection_id);
