-- What each node has in memory that is due and has not started, for the readers of all nodes. A row
-- is written again when it has changed, every few seconds.
CREATE TABLE engine_queue (
    epoch BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    runs BIGINT NOT NULL,
    -- When the oldest of them was requested.
    oldest BIGINT NOT NULL,
    PRIMARY KEY (epoch, tenant, name)
) WITHOUT ROWID;
CREATE INDEX engine_queue_tenant ON engine_queue (tenant, name);
-- The runs that a run has started, in their order.
DROP INDEX run_children;
CREATE INDEX run_children ON run (parent, id) WHERE parent IS NOT NULL;
