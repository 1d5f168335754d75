-- Answers that are kept for repeats of a request are sealed, and belong to who asked rather than to the text of a header. Those of
-- before were neither, and were kept for twelve hours at most: they are dropped.
DELETE FROM answered_request;
