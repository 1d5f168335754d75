-- A sync of the documents of a source, and what it found.
CREATE TABLE document_sync (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    -- full, or changes: the files of a push.
    mode TEXT NOT NULL,
    -- person, link, push or configuration.
    cause TEXT NOT NULL,
    -- The id of the member or the key that asked for it; empty if nobody did.
    requested_by TEXT NOT NULL,
    run_id TEXT,
    -- queued, running, completed, incomplete, failed or cancelled.
    status TEXT NOT NULL,
    reason TEXT,
    -- The documents that were listed, and what became of them.
    listed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    moved BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    -- The new passages.
    passages BIGINT NOT NULL,
    -- The number of things that were left out, by reason: JSON.
    skipped TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT
);
CREATE INDEX document_sync_recent ON document_sync (source_id, created_at, id);
CREATE INDEX document_sync_old ON document_sync (created_at);

-- The documents of a source as they were listed and stored.
CREATE TABLE source_document (
    organisation_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    -- The name in the source: the path of a file, the id of a page.
    key TEXT NOT NULL,
    -- The version of the stored content; empty if none was ever read.
    version TEXT NOT NULL,
    -- The work that is left: fetch, move or delete; NULL if there is none.
    work TEXT,
    -- The version to fetch, or the key to move to.
    target TEXT,
    is_document BOOLEAN NOT NULL,
    -- The reason why it is no document.
    skip_reason TEXT,
    -- True if the last complete listing did not have it.
    is_missing BOOLEAN NOT NULL,
    PRIMARY KEY (source_id, key)
);
CREATE INDEX source_document_work ON source_document (source_id, work, key) WHERE work IS NOT NULL;

-- The state of a source's documents: its configuration file, and the last complete sync.
CREATE TABLE source_configuration (
    source_id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    -- configured, default or invalid.
    status TEXT NOT NULL,
    path TEXT,
    error TEXT,
    checked_at BIGINT NOT NULL,
    -- The commit up to which all documents are stored.
    head TEXT,
    documents BIGINT NOT NULL
);
