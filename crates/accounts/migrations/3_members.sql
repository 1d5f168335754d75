-- A link signs in to one organisation. Those of before named none, and were good for a day at most: they are dropped.
DROP TABLE sign_in_link;
CREATE TABLE sign_in_link (
    hash TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_link_member ON sign_in_link (organisation_id, person_id);
-- Somebody who has an account already joins another organisation when they accept.
CREATE TABLE invitation (
    organisation_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, person_id)
);
CREATE INDEX invitation_person ON invitation (person_id);
-- The one organisation that a password opens, where somebody else has chosen it; NULL where its person has.
-- Who chose those of before is not known.
ALTER TABLE person ADD COLUMN password_organisation_id TEXT;
UPDATE person SET password_organisation_id = (
    SELECT organisation_id FROM membership WHERE membership.person_id = person.id
    ORDER BY membership.created_at, membership.organisation_id LIMIT 1
) WHERE password_hash IS NOT NULL;
-- A session has an id of its own, by which it can be listed and ended, and remembers how it was opened: 'password' or 'link'.
ALTER TABLE session ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN opened_by TEXT NOT NULL DEFAULT 'unknown';
UPDATE session SET id = 'session_' || substr(hash, 1, 24);
CREATE UNIQUE INDEX session_id ON session (id);
CREATE INDEX session_member ON session (organisation_id, person_id);
