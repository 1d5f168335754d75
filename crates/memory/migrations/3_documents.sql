CREATE TABLE document (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    -- The tool that it comes from; api if it was added through our own API.
    source TEXT NOT NULL,
    -- The connected source, or api.
    source_id TEXT NOT NULL,
    -- Its name in the source.
    external_id TEXT NOT NULL,
    -- The document below which it stands, if there is one.
    parent_id TEXT,
    -- Its place, by which lists and filters find it.
    path TEXT NOT NULL,
    title TEXT NOT NULL,
    slug TEXT NOT NULL,
    description TEXT,
    tags TEXT NOT NULL,
    url TEXT,
    format TEXT NOT NULL,
    -- Of what was sent, and of how it was split: if both are unchanged, there is nothing to do.
    content_hash TEXT NOT NULL,
    config_hash TEXT NOT NULL,
    passages BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX document_once ON document (workspace_id, source_id, external_id);
CREATE INDEX document_recent ON document (workspace_id, updated_at, id);
CREATE INDEX document_path ON document (workspace_id, path, id);
CREATE INDEX document_children ON document (workspace_id, parent_id) WHERE parent_id IS NOT NULL;

-- The whole text, as UTF-8. Lists do not read it.
CREATE TABLE document_text (
    document_id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    data BYTEA NOT NULL
);

-- The passages of kind chunk: each has a row in `passage` with the same number, whose part is that
-- number as well. The text stands here a second time: a search reads some chunks of many documents,
-- and would otherwise read all of each.
CREATE TABLE chunk (
    workspace_id TEXT NOT NULL,
    no BIGINT NOT NULL,
    document_id TEXT NOT NULL,
    -- Of the headings, the text and the version of the splitter.
    hash TEXT NOT NULL,
    -- The title of the document, and the headings under which it stands.
    headings TEXT NOT NULL,
    -- Bytes of the document's text.
    body_start BIGINT NOT NULL,
    body_end BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    text TEXT NOT NULL,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, no)
);
CREATE UNIQUE INDEX chunk_once ON chunk (workspace_id, document_id, hash);
