-- A run that waits for something to happen. Whoever sees it happen first, or sees the time run out, takes it.
CREATE TABLE event_wait (
    organisation_id TEXT NOT NULL,
    recipient_run_id TEXT NOT NULL,
    -- What is waited for, as message.read, and of what, as workflow/welcome.
    event TEXT NOT NULL,
    source TEXT NOT NULL,
    collection TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    -- Which of the run's waits it is.
    pause BIGINT NOT NULL,
    taken_by TEXT,
    PRIMARY KEY (organisation_id, recipient_run_id)
) WITHOUT ROWID;
CREATE INDEX event_wait_event ON event_wait (organisation_id, event, collection, recipient_id);

-- Lists are found by what nothing else asks for: where a table has grown since it was last looked at, PostgreSQL takes an index that
-- begins like the primary key for as good, and reads all of a collection for each recipient that is named.
DROP INDEX recipient_listed;
CREATE INDEX recipient_listed ON recipient (organisation_id, (collection || ''), place);
DROP INDEX recipient_run_listed;
CREATE INDEX recipient_run_listed ON recipient_run ((organisation_id || ''), place);
