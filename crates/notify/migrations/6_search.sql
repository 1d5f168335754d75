-- Names and mail addresses in lower case, by which users are found. They are empty where a recipient
-- has none. Until a recipient is described again, letters beyond ASCII are as they were written.
ALTER TABLE recipient ADD COLUMN search_name TEXT NOT NULL DEFAULT '';
ALTER TABLE recipient ADD COLUMN search_email TEXT NOT NULL DEFAULT '';
/*pg:
CREATE FUNCTION json_extract(body text, path text) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT body::json ->> substr(path, 3) $$;
*/
UPDATE recipient SET search_name = lower(substr(COALESCE(name, ''), 1, 200)),
    search_email = lower(substr(CAST(COALESCE(json_extract(properties, '$.email'), '') AS text), 1, 200))
    WHERE collection = '$users';
/*pg: DROP FUNCTION json_extract(text, text); */
CREATE INDEX recipient_by_name ON recipient (organisation_id, collection, search_name, id) WHERE search_name <> '';
CREATE INDEX recipient_by_email ON recipient (organisation_id, collection, search_email, id) WHERE search_email <> '';
