-- Addresses that no mail goes to any more.
CREATE TABLE suppression (
    organisation_id TEXT NOT NULL,
    -- In lower case.
    address TEXT NOT NULL,
    -- bounced, complained or manual.
    reason TEXT NOT NULL,
    details TEXT,
    -- The message whose mail came back, where it was one.
    message_id TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, address)
);
