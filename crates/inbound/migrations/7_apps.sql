-- Our app at a provider, registered by an organisation. The app of the whole server is in the settings and has no row.
CREATE TABLE connector_app (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- The provider's number and short name of it, and its page there.
    number TEXT NOT NULL,
    slug TEXT NOT NULL,
    url TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- Sealed by the vault for this row: the secrets as JSON.
    secrets TEXT NOT NULL,
    -- The end of the address that its deliveries are sent to.
    path TEXT NOT NULL UNIQUE,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX connector_app_one ON connector_app (organisation_id, provider);

-- The app that an account was connected by; NULL without one.
ALTER TABLE connection ADD COLUMN app_id TEXT;
CREATE INDEX connection_installed ON connection (app_id, account_id) WHERE app_id IS NOT NULL;

-- connect: an account is connected. register: an app is registered.
ALTER TABLE oauth_state ADD COLUMN purpose TEXT NOT NULL DEFAULT 'connect';
