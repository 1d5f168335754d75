-- Whose an application is: a customer's, or one of our own, which is neither deleted nor renamed.
ALTER TABLE application ADD COLUMN kind TEXT NOT NULL DEFAULT 'customer';
-- The workspace that a 'workspace' tells of.
ALTER TABLE application ADD COLUMN workspace_id TEXT;
UPDATE application SET kind = 'workspace', workspace_id = uid WHERE substr(uid, 1, 3) = 'ws_' AND length(uid) = 30;
UPDATE application SET kind = 'notifications' WHERE uid = 'campanile.notifications';
UPDATE application SET kind = 'operational' WHERE is_operational;
