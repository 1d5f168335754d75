-- The use of models is counted together for all purposes, in the table of models.
INSERT INTO provider_usage (organisation_id, month, purpose, calls, input_tokens, output_tokens)
SELECT organisation_id, month, 'answers', calls, input_tokens, output_tokens FROM model_usage;
DROP TABLE model_usage;
