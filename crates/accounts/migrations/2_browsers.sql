-- What a browser may have: keys that name the organisation, and the keys that its users' tokens are signed with.
CREATE TABLE public_key (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX public_key_organisation ON public_key (organisation_id);
CREATE TABLE signing_key (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    public_pem TEXT NOT NULL,
    -- Sealed; only of the key that signs for members of the organisation itself. The others' are their owners'.
    private_pem TEXT,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX signing_key_organisation ON signing_key (organisation_id);
-- Whether a public key opens nothing of a user without a token that the organisation has signed.
ALTER TABLE organisation ADD COLUMN needs_user_tokens BOOLEAN NOT NULL DEFAULT TRUE;
