-- What was done to one thing.
CREATE INDEX activity_subject ON activity (organisation_id, subject_id, at, id);
