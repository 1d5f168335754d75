-- The wishes of the person who disconnects an account: its data is deleted as well, and our app is uninstalled.
ALTER TABLE connection ADD COLUMN delete_data BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE connection ADD COLUMN uninstall BOOLEAN NOT NULL DEFAULT FALSE;
