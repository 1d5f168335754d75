-- When a key was last used, to the hour.
ALTER TABLE secret_key ADD COLUMN last_used_at BIGINT;
