-- The calls of models by organisation, month (2026-10) and purpose.
CREATE TABLE provider_usage (
    organisation_id TEXT NOT NULL,
    month TEXT NOT NULL,
    -- answers, understanding, embeddings or rerank
    purpose TEXT NOT NULL,
    calls BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, month, purpose)
);
