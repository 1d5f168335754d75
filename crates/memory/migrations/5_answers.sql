-- What events say of the state of things: a row for each state that an observation tells. From when to
-- when a state held follows from the order of the rows, so an event that comes late needs no change.
CREATE TABLE temporal_state (
    workspace_id TEXT NOT NULL,
    -- issue, pr, deployment, service or project
    entity_type TEXT NOT NULL,
    -- In lower case: eng-42, acme/shop#12.
    entity_key TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- status, assignee, priority, health or progress
    state_type TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    observation_id TEXT NOT NULL,
    -- As people write it, and in lower case.
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    -- NULL if there is none: nobody is assigned.
    value TEXT,
    changed_by TEXT,
    changed_by_name TEXT,
    PRIMARY KEY (workspace_id, entity_key, entity_type, provider, state_type, valid_from, observation_id)
) WITHOUT ROWID;
CREATE INDEX temporal_state_name ON temporal_state (workspace_id, name_key);
CREATE INDEX temporal_state_observation ON temporal_state (workspace_id, observation_id);
