-- The newest live events of each organisation, for streams on every node and for those that come back. A
-- number is given under the row of its organisation, which stays locked until the commit: numbers become
-- visible in order.
CREATE TABLE live_head (
    organisation_id TEXT PRIMARY KEY,
    next_seq BIGINT NOT NULL
);

CREATE TABLE live_event (
    organisation_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    workspace_id TEXT,
    user_id TEXT,
    -- delivery, observation, notification, attempt; again if some before it are missing
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    PRIMARY KEY (organisation_id, seq)
) WITHOUT ROWID;
