-- Attempts that were counted, in the transaction that records them; a job folds these rows into
-- webhook_stat every few seconds. outcome: as in message_attempt.
CREATE TABLE webhook_tally (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    application_id TEXT NOT NULL,
    hour BIGINT NOT NULL,
    outcome BIGINT NOT NULL,
    -- The bucket of the duration, in a histogram.
    bucket BIGINT NOT NULL,
    attempts BIGINT NOT NULL
);
CREATE INDEX webhook_tally_of ON webhook_tally (organisation_id, application_id);
-- The counters. Rows with an empty application_id are those of the whole organisation.
CREATE TABLE webhook_stat (
    organisation_id TEXT NOT NULL,
    application_id TEXT NOT NULL,
    hour BIGINT NOT NULL,
    outcome BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, application_id, hour, outcome, bucket)
) WITHOUT ROWID;
CREATE INDEX webhook_stat_hour ON webhook_stat (hour);
