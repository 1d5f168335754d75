-- When rows were last removed for their age, by a clock that was believed then: one row.
CREATE TABLE engine_clock (id BIGINT PRIMARY KEY, seen_at BIGINT NOT NULL);
-- Calls of many runs that are over are forgotten after a while.
CREATE INDEX bulk_cancel_finished ON bulk_cancel (finished_at) WHERE finished_at IS NOT NULL;
