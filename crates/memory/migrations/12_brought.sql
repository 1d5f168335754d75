-- The source that brought an observation; NULL if it was told by hand, or before there was this column.
ALTER TABLE observation ADD COLUMN brought_by TEXT;
CREATE INDEX observation_brought ON observation (workspace_id, brought_by, id) WHERE brought_by IS NOT NULL;
