-- A source whose tool sends the secret of its webhooks beforehand, while its path waits for that.
CREATE TABLE source_handshake (
    source_id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    -- Sealed by the vault; NULL until one has come.
    token TEXT,
    received_at BIGINT
);
INSERT INTO source_handshake (source_id, organisation_id)
    SELECT id, organisation_id FROM source WHERE connection_id IS NOT NULL AND provider = 'notion';
