-- Questions that follow each other, of one asker.
CREATE TABLE answer_session (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    -- person or key, and its id.
    owner_kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    -- The first question.
    title TEXT NOT NULL,
    turns BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX answer_session_recent ON answer_session (organisation_id, workspace_id, owner_kind, owner_id, updated_at, id);
CREATE INDEX answer_session_old ON answer_session (updated_at);

CREATE TABLE answer_turn (
    session_id TEXT NOT NULL,
    no BIGINT NOT NULL,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    question TEXT NOT NULL,
    -- The whole answer as JSON; NULL until it has ended.
    answer TEXT,
    request_id TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    PRIMARY KEY (session_id, no)
);
CREATE INDEX answer_turn_request ON answer_turn (workspace_id, request_id);

-- What people say of results and answers.
CREATE TABLE search_feedback (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    -- good or bad
    verdict TEXT NOT NULL,
    question TEXT,
    result_id TEXT,
    request_id TEXT,
    note TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX search_feedback_recent ON search_feedback (workspace_id, created_at, id);

-- The calls of language models by organisation and month (2026-10).
CREATE TABLE model_usage (
    organisation_id TEXT NOT NULL,
    month TEXT NOT NULL,
    calls BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, month)
);
