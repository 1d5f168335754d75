-- The observations and documents that stored answers have passages of. By it, a deletion finds the answers.
CREATE TABLE answer_quote (
    -- The id of the observation or of the document.
    subject_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    no BIGINT NOT NULL,
    organisation_id TEXT NOT NULL,
    PRIMARY KEY (subject_id, session_id, no)
);
CREATE INDEX answer_quote_turn ON answer_quote (session_id, no);
-- The time from which the quotes of an answer are listed. Those of an earlier version are listed before they are needed.
ALTER TABLE answer_turn ADD COLUMN quotes_listed_at BIGINT;
CREATE INDEX answer_turn_unlisted ON answer_turn (session_id, no) WHERE quotes_listed_at IS NULL AND answer IS NOT NULL;
