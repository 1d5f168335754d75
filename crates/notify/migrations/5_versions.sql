-- The versions of one resource, newest first.
CREATE INDEX resource_version_of ON resource_version (organisation_id, kind, key, place);
