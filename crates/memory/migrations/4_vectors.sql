-- The vectors of passages. A change of the model makes new ones beside the old ones.
CREATE TABLE passage_vector (
    workspace_id TEXT NOT NULL,
    embedder_id TEXT NOT NULL,
    no BIGINT NOT NULL,
    -- Its place in the order in which vectors were made, within workspace and embedder.
    seq BIGINT NOT NULL,
    -- A 32-bit scale, and eight bits for each number.
    data BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, embedder_id, no)
);
CREATE UNIQUE INDEX passage_vector_order ON passage_vector (workspace_id, embedder_id, seq);

-- The passages that have vectors.
CREATE TABLE embedding_progress (
    workspace_id TEXT NOT NULL,
    embedder_id TEXT NOT NULL,
    -- Ranges of numbers, in order: [[0,32],[64,96]] is 0 to 31 and 64 to 95.
    ranges TEXT NOT NULL,
    -- The place of the next vector.
    next_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, embedder_id)
);
