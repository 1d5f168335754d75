-- A cluster that was joined with another one, which has its observations now. That one was not joined itself.
CREATE TABLE cluster_redirect (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    survivor_id TEXT NOT NULL,
    joined_at BIGINT NOT NULL
);
CREATE INDEX cluster_redirect_survivor ON cluster_redirect (workspace_id, survivor_id);
