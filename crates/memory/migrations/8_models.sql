-- The models that have made vectors, with what it takes to run them again.
CREATE TABLE embedder (
    id TEXT PRIMARY KEY,
    -- JSON, without a key.
    settings TEXT NOT NULL,
    -- The numbers of a vector; NULL until the first was made.
    dimensions BIGINT,
    created_at BIGINT NOT NULL
);

-- The model whose vectors a workspace is searched by, and the one that takes its place once it has made
-- as many. No row: no vector was made yet.
CREATE TABLE workspace_embedder (
    workspace_id TEXT PRIMARY KEY,
    serving_id TEXT NOT NULL,
    swapped_at BIGINT NOT NULL,
    building_id TEXT,
    building_since BIGINT,
    -- Its vectors are kept for a while, so that a change can be taken back.
    previous_id TEXT,
    previous_until BIGINT
);

-- Of several models, the one that has made the most vectors.
INSERT INTO workspace_embedder (workspace_id, serving_id, swapped_at)
SELECT workspace_id, embedder_id, 0 FROM embedding_progress AS progress WHERE NOT EXISTS (
    SELECT 1 FROM embedding_progress AS other WHERE other.workspace_id = progress.workspace_id
        AND (other.next_seq, other.embedder_id) > (progress.next_seq, progress.embedder_id)
);

-- The settings of a workspace's memory. No row: the defaults.
CREATE TABLE memory_setting (
    workspace_id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    -- Whether a language model may classify events and find entities.
    model_classification BOOLEAN NOT NULL,
    model_entities BOOLEAN NOT NULL,
    -- The share of vectors in a result's score; NULL for that of the model.
    vector_weight DOUBLE PRECISION,
    updated_at BIGINT NOT NULL
);

-- The maker of a category or an entity: pattern, or model. A model says how sure it is.
ALTER TABLE observation ADD COLUMN category_method TEXT NOT NULL DEFAULT 'pattern';
ALTER TABLE observation ADD COLUMN category_confidence DOUBLE PRECISION;
ALTER TABLE entity ADD COLUMN method TEXT NOT NULL DEFAULT 'pattern';
