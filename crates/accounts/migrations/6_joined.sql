-- When a member accepted, or signed in to the organisation for the first time. A member who was
-- added is one at once, and has not come yet.
ALTER TABLE membership ADD COLUMN joined_at BIGINT;
UPDATE membership SET joined_at = created_at
    WHERE EXISTS (SELECT 1 FROM person WHERE person.id = membership.person_id AND person.password_hash IS NOT NULL)
    OR EXISTS (SELECT 1 FROM session WHERE session.person_id = membership.person_id
        AND session.organisation_id = membership.organisation_id);
