-- The repository of an event, as `acme/shop`; empty if it has none. Searched by, and shown.
ALTER TABLE observation ADD COLUMN repository TEXT NOT NULL DEFAULT '';
