-- The nouns of the Knock API. Every row is an organisation's; recipients are users (collection `$users`), tenants (`$tenants`), and
-- objects of collections that the sender names.
CREATE TABLE recipient (
    organisation_id TEXT NOT NULL,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    -- Its place in lists: a KSUID of when it was first known.
    place TEXT NOT NULL,
    name TEXT,
    -- JSON: everything that was told of it.
    properties TEXT NOT NULL,
    inserted_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, collection, id)
) WITHOUT ROWID;
CREATE INDEX recipient_listed ON recipient (organisation_id, collection, place);

-- Who hears what an object hears.
CREATE TABLE subscription (
    organisation_id TEXT NOT NULL,
    object_collection TEXT NOT NULL,
    object_id TEXT NOT NULL,
    recipient_collection TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    place TEXT NOT NULL,
    properties TEXT NOT NULL,
    inserted_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, object_collection, object_id, recipient_collection, recipient_id)
) WITHOUT ROWID;
CREATE INDEX subscription_of_object ON subscription (organisation_id, object_collection, object_id, place);
CREATE INDEX subscription_of_recipient ON subscription (organisation_id, recipient_collection, recipient_id, place);

CREATE TABLE preference_set (
    organisation_id TEXT NOT NULL,
    -- Both empty for what everybody's preferences begin with.
    collection TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    -- `default`, or a tenant's id.
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, collection, owner_id, id)
) WITHOUT ROWID;

-- How a recipient is reached through a channel.
CREATE TABLE channel_data (
    organisation_id TEXT NOT NULL,
    collection TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    -- Sealed JSON: tokens are among it.
    data TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, collection, owner_id, channel_id)
) WITHOUT ROWID;

-- Through what notifications go.
CREATE TABLE notify_channel (
    organisation_id TEXT NOT NULL,
    id TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- Sealed JSON.
    settings TEXT NOT NULL,
    is_sandbox BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE UNIQUE INDEX notify_channel_key ON notify_channel (organisation_id, key);

-- What a trigger does, and everything else that is kept like code: layouts, partials, translations, guides, audiences.
CREATE TABLE resource (
    organisation_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    -- The version that counts; none before the first is committed.
    version_id TEXT,
    is_active BOOLEAN NOT NULL,
    -- JSON, as it was last written; what counts is the version.
    draft TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, kind, key)
);
CREATE TABLE resource_version (
    organisation_id TEXT NOT NULL,
    id TEXT NOT NULL,
    place TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    note TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX resource_version_listed ON resource_version (organisation_id, place);

-- What a trigger does for one recipient.
CREATE TABLE recipient_run (
    organisation_id TEXT NOT NULL,
    id TEXT NOT NULL,
    place TEXT NOT NULL,
    workflow_run_id TEXT NOT NULL,
    workflow TEXT NOT NULL,
    collection TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    tenant TEXT,
    status TEXT NOT NULL,
    cancellation_key TEXT,
    -- What a paused run waits for: delay, batch, retry.
    waits_for TEXT,
    -- JSON: actor and what set it off.
    cause TEXT NOT NULL,
    -- JSON: how far it is and what it knows; only while it goes on.
    state TEXT,
    -- JSON, a line each: what has happened, and why.
    log TEXT NOT NULL,
    error_count BIGINT NOT NULL,
    inserted_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX recipient_run_listed ON recipient_run (organisation_id, place);
CREATE INDEX recipient_run_cancelled ON recipient_run (organisation_id, workflow, cancellation_key)
    WHERE status = 'paused' AND cancellation_key IS NOT NULL;

-- What was called off: triggers that were accepted before, and have not come so far yet, are called off by it, too.
CREATE TABLE cancellation (
    organisation_id TEXT NOT NULL,
    workflow TEXT NOT NULL,
    key TEXT NOT NULL,
    -- All, where empty.
    collection TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, workflow, key, collection, recipient_id)
) WITHOUT ROWID;
CREATE INDEX cancellation_age ON cancellation (at);

-- Who has had a workflow that everybody has once.
CREATE TABLE workflow_once (
    organisation_id TEXT NOT NULL,
    workflow TEXT NOT NULL,
    collection TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    PRIMARY KEY (organisation_id, workflow, collection, recipient_id, tenant)
) WITHOUT ROWID;

-- A batch that still takes activities: the run that opened it waits for its end.
CREATE TABLE batch (
    organisation_id TEXT NOT NULL,
    -- What it gathers for: workflow, step, recipient, tenant and key, hashed.
    word TEXT NOT NULL,
    recipient_run_id TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    closes_at BIGINT NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, word)
);
CREATE TABLE batch_activity (
    recipient_run_id TEXT NOT NULL,
    id TEXT NOT NULL,
    cancellation_key TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (recipient_run_id, id)
) WITHOUT ROWID;

-- How often a throttle has let something pass.
CREATE TABLE throttle_window (
    organisation_id TEXT NOT NULL,
    word TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    passed BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, word)
) WITHOUT ROWID;
CREATE INDEX throttle_window_end ON throttle_window (ends_at);

-- A message: one notification to one recipient through one channel.
CREATE TABLE notify_message (
    organisation_id TEXT NOT NULL,
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    channel_type TEXT NOT NULL,
    collection TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    tenant TEXT,
    source_type TEXT NOT NULL,
    workflow TEXT NOT NULL,
    version_id TEXT NOT NULL,
    categories TEXT NOT NULL,
    step_ref TEXT,
    workflow_run_id TEXT,
    recipient_run_id TEXT,
    actors TEXT NOT NULL,
    data TEXT NOT NULL,
    -- JSON: of data, what can be asked for.
    facts TEXT NOT NULL,
    -- JSON: activities and how many there were, of feed items.
    activities TEXT,
    content TEXT NOT NULL,
    metadata TEXT,
    snapshot TEXT,
    status TEXT NOT NULL,
    -- JSON, a line each: what has happened to it.
    log TEXT NOT NULL,
    scheduled_at BIGINT,
    inserted_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    seen_at BIGINT,
    read_at BIGINT,
    interacted_at BIGINT,
    link_clicked_at BIGINT,
    archived_at BIGINT,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX notify_message_feed ON notify_message (organisation_id, recipient_id, channel_id, id)
    WHERE channel_type = 'in_app_feed';
-- The badge counts through these, and never through the whole feed.
CREATE INDEX notify_message_unread ON notify_message (organisation_id, recipient_id, channel_id)
    WHERE channel_type = 'in_app_feed' AND read_at IS NULL AND archived_at IS NULL;
CREATE INDEX notify_message_unseen ON notify_message (organisation_id, recipient_id, channel_id)
    WHERE channel_type = 'in_app_feed' AND seen_at IS NULL AND archived_at IS NULL;
CREATE INDEX notify_message_run ON notify_message (recipient_run_id) WHERE recipient_run_id IS NOT NULL;
CREATE TABLE delivery_log (
    organisation_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    id TEXT NOT NULL,
    service TEXT NOT NULL,
    request TEXT NOT NULL,
    response TEXT NOT NULL,
    inserted_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, message_id, id)
);

CREATE TABLE schedule (
    organisation_id TEXT NOT NULL,
    id TEXT NOT NULL,
    place TEXT NOT NULL,
    workflow TEXT NOT NULL,
    collection TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    tenant TEXT,
    actor TEXT,
    data TEXT NOT NULL,
    repeats TEXT NOT NULL,
    scheduled_at BIGINT,
    ending_at BIGINT,
    next_at BIGINT,
    last_at BIGINT,
    -- Raised by each change: a job that was meant for the schedule before does nothing.
    revision BIGINT NOT NULL,
    inserted_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX schedule_of_workflow ON schedule (organisation_id, workflow, place);
CREATE INDEX schedule_of_recipient ON schedule (organisation_id, collection, recipient_id, place);

CREATE TABLE audience_member (
    organisation_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    user_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    place TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, audience, user_id, tenant)
) WITHOUT ROWID;
CREATE INDEX audience_member_user ON audience_member (organisation_id, user_id);
CREATE INDEX audience_member_listed ON audience_member (organisation_id, audience, place);

CREATE TABLE bulk_operation (
    organisation_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    total BIGINT NOT NULL,
    processed BIGINT NOT NULL,
    succeeded BIGINT NOT NULL,
    -- JSON list: what could not be done.
    errors TEXT NOT NULL,
    inserted_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (organisation_id, id)
);

-- What was answered to triggers with an Idempotency-Key.
CREATE TABLE trigger_request (
    organisation_id TEXT NOT NULL,
    key TEXT NOT NULL,
    -- Of the request: another one with the same key is a mistake.
    hash TEXT NOT NULL,
    workflow_run_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, key)
) WITHOUT ROWID;
CREATE INDEX trigger_request_age ON trigger_request (until);
