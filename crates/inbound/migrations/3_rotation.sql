-- The secret before the last change of it, and until when it is still taken: a provider's setting is changed after ours.
ALTER TABLE source ADD COLUMN previous_secret TEXT;
ALTER TABLE source ADD COLUMN previous_until BIGINT;
