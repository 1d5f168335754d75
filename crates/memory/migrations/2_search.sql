-- The pieces of text that search finds. The text itself stands in the row of its owner.
CREATE TABLE passage (
    workspace_id TEXT NOT NULL,
    -- Its number within the workspace: without gaps when given, and never given twice.
    no BIGINT NOT NULL,
    -- observation
    kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    -- The piece of the owner's text.
    part BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, no)
);
CREATE UNIQUE INDEX passage_once ON passage (workspace_id, owner_id, part);

-- The passages that are gone, for indexes in memory and segments that still have them.
CREATE TABLE passage_removed (
    workspace_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    no BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, seq)
);

-- The next numbers of each workspace. Its row is locked until the numbers are committed, so they
-- become visible in order.
CREATE TABLE search_head (
    workspace_id TEXT PRIMARY KEY,
    next_no BIGINT NOT NULL,
    next_removal BIGINT NOT NULL,
    -- Removals before this one are in no segment any more, and their rows are gone.
    first_removal BIGINT NOT NULL
);

-- An index of a range of passages, built from their rows. Its bytes are in parts.
CREATE TABLE search_segment (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    first_no BIGINT NOT NULL,
    next_no BIGINT NOT NULL,
    -- Removals before this one are not in it.
    next_removal BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    -- False while its parts are written.
    is_ready BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX search_segment_range ON search_segment (workspace_id, first_no);

CREATE TABLE search_segment_part (
    segment_id TEXT NOT NULL,
    part BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (segment_id, part)
);

-- What was remembered before there was search. The lengths are those of `passages::PARTS`.
INSERT INTO passage (workspace_id, no, kind, owner_id, part)
SELECT workspace_id, ROW_NUMBER() OVER (PARTITION BY workspace_id ORDER BY id, part) - 1, 'observation', id, part
FROM observation JOIN (
    SELECT CAST(0 AS BIGINT) AS part, CAST(-1 AS BIGINT) AS above
    UNION ALL SELECT 1, 1000
    UNION ALL SELECT 2, 2800
    UNION ALL SELECT 3, 4600
    UNION ALL SELECT 4, 6400
) AS piece ON LENGTH(observation.body) > piece.above;

INSERT INTO search_head (workspace_id, next_no, next_removal, first_removal)
SELECT workspace_id, MAX(no) + 1, 0, 0 FROM passage GROUP BY workspace_id;
