-- Every name that a repository has had, in lower case, and whose it is now. Keys and identities are made of the name by which a
-- repository was first known, so that a rename or a transfer cuts nothing.
CREATE TABLE repository_name (
    workspace_id TEXT NOT NULL,
    name TEXT NOT NULL,
    provider_id BIGINT NOT NULL,
    known_as TEXT NOT NULL,
    PRIMARY KEY (workspace_id, name)
);
CREATE INDEX repository_name_number ON repository_name (workspace_id, provider_id);
