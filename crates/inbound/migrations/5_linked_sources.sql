-- A source of a connection is one of its resources, chosen in a workspace. One that was set up by hand has none of these.
ALTER TABLE source ADD COLUMN connection_id TEXT;
ALTER TABLE source ADD COLUMN resource_kind TEXT;
ALTER TABLE source ADD COLUMN resource_id TEXT;
CREATE UNIQUE INDEX source_resource ON source (workspace_id, connection_id, resource_kind, resource_id)
    WHERE connection_id IS NOT NULL;
CREATE INDEX source_connection ON source (connection_id) WHERE connection_id IS NOT NULL;
