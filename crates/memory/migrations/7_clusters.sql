-- The cluster of an observation; NULL until it is assigned. Only one that shares a commit, a pull request or
-- an issue with an assigned observation has it from its first commit on.
ALTER TABLE observation ADD COLUMN cluster_id TEXT;
CREATE INDEX observation_cluster ON observation (workspace_id, cluster_id, occurred_at, id) WHERE cluster_id IS NOT NULL;

-- Observations that are about one thing: an incident and its fix, a feature and its reviews.
CREATE TABLE cluster (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    -- The topic that tells it from others, or the title.
    label TEXT NOT NULL,
    -- The title of its most significant observation, and that significance.
    title TEXT NOT NULL,
    significance BIGINT NOT NULL,
    observations BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    -- Lists and counts, in JSON.
    sources TEXT NOT NULL,
    actors TEXT NOT NULL,
    entities TEXT NOT NULL,
    topics TEXT NOT NULL,
    terms TEXT NOT NULL,
    -- The issues and pull requests whose states its observations tell: which of them are open.
    subjects TEXT NOT NULL,
    is_completed BOOLEAN NOT NULL,
    -- The mean of the vectors of its observations, and how many these were.
    embedder_id TEXT,
    centroid BYTEA,
    vectors BIGINT NOT NULL,
    summary TEXT,
    summary_method TEXT,
    summary_topics TEXT,
    summary_at BIGINT,
    created_at BIGINT NOT NULL,
    -- The time at which an observation was added last.
    changed_at BIGINT NOT NULL
);
CREATE INDEX cluster_recent ON cluster (workspace_id, last_at, id, first_at);

-- The passages whose observations were assigned, as ranges of numbers like those of the vectors.
CREATE TABLE cluster_progress (
    workspace_id TEXT PRIMARY KEY,
    ranges TEXT NOT NULL,
    observations BIGINT NOT NULL
);

-- The observations with a topic, of those that were assigned.
CREATE TABLE cluster_topic (
    workspace_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    observations BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, topic)
);
