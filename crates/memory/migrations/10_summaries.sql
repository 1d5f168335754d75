-- True if a language model may write the summaries of clusters.
ALTER TABLE memory_setting ADD COLUMN model_summaries BOOLEAN NOT NULL DEFAULT FALSE;
