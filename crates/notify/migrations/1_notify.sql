-- One notification to one recipient through one channel.
CREATE TABLE notification (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    -- The workspace.
    tenant TEXT NOT NULL,
    workflow TEXT NOT NULL,
    -- in_app or email.
    channel TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    address TEXT,
    -- What the trigger brought, as JSON.
    data TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    text_body TEXT,
    -- queued, sent, delivered, undelivered or not_sent.
    status TEXT NOT NULL,
    error TEXT,
    inserted_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    seen_at BIGINT,
    read_at BIGINT,
    interacted_at BIGINT,
    archived_at BIGINT
);
CREATE INDEX notification_feed ON notification (recipient_id, channel, inserted_at, id);
CREATE INDEX notification_tenant ON notification (tenant, inserted_at, id);
-- The badge counts through these, and never through the whole feed.
CREATE INDEX notification_unread ON notification (recipient_id) WHERE channel = 'in_app' AND read_at IS NULL AND archived_at IS NULL;
CREATE INDEX notification_unseen ON notification (recipient_id) WHERE channel = 'in_app' AND seen_at IS NULL AND archived_at IS NULL;
