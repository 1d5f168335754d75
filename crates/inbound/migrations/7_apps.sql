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

-- A verified delivery to an app, of an account that nobody has connected yet. It goes its way when somebody does.
CREATE TABLE stray (
    id TEXT PRIMARY KEY,
    app_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    resource_id TEXT,
    delivery_id TEXT NOT NULL,
    event TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BYTEA NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX stray_once ON stray (app_id, delivery_id);
CREATE INDEX stray_account ON stray (app_id, account_id, id);

-- Deliveries of resources that are linked in no workspace are counted, and not kept.
CREATE TABLE unlinked_delivery (
    organisation_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    event TEXT NOT NULL,
    number BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (connection_id, event)
);

-- The last delivery to an app, and how far its failed ones were looked through.
CREATE TABLE app_progress (
    app_id TEXT PRIMARY KEY,
    heard_at BIGINT,
    swept_to BIGINT
);
