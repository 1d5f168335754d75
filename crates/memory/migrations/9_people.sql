-- The names of an identity in lower case, to find people by them.
ALTER TABLE actor_identity ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
-- The mail address in lower case; NULL if it does not belong to one person.
ALTER TABLE actor_identity ADD COLUMN email_key TEXT;
-- The address for which people were looked up and joined; NULL before that.
ALTER TABLE actor_identity ADD COLUMN joined_for TEXT;
UPDATE actor_identity SET name_key = LOWER(username),
    email_key = CASE WHEN LOWER(email) LIKE '%noreply%' OR LOWER(email) LIKE '%no-reply%' THEN NULL ELSE LOWER(email) END;
CREATE INDEX actor_identity_name ON actor_identity (organisation_id, name_key);
CREATE INDEX actor_identity_email ON actor_identity (organisation_id, email_key);
CREATE INDEX actor_identity_canonical ON actor_identity (organisation_id, canonical_id);

-- What an actor did, by source, type, topic, hour and day: `people::profiles::Counts` as JSON. NULL in a
-- profile of an earlier version, until the hourly chore has counted it.
ALTER TABLE actor_profile ADD COLUMN counts TEXT;
ALTER TABLE actor_profile ADD COLUMN first_seen_at BIGINT;
CREATE INDEX actor_profile_recent ON actor_profile (workspace_id, last_active_at, actor_id);
CREATE INDEX actor_profile_uncounted ON actor_profile (workspace_id, actor_id) WHERE counts IS NULL;

CREATE INDEX observation_actor ON observation (workspace_id, actor_id, occurred_at, id);

-- The actors that belong to a person with another id. An actor without a row is a person of its own,
-- and a person's id is the id of its first actor.
CREATE TABLE actor_person (
    organisation_id TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    -- email, login or hand
    method TEXT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, actor_id)
);
CREATE INDEX actor_person_person ON actor_person (organisation_id, person_id);

-- Pairs of actors of which somebody said that they are different people. The first id is the lower one.
CREATE TABLE actor_apart (
    organisation_id TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    other_id TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, actor_id, other_id)
);

-- Entities by the observation that named them first, and those that were named more than once by how
-- often that was.
CREATE INDEX entity_first ON entity (workspace_id, first_observation_id, category, key);
CREATE INDEX entity_often ON entity (workspace_id, occurrences, category, key) WHERE occurrences > 1;
