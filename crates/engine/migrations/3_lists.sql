-- Jobs are many and short-lived: they are listed by one index of their own, and workflows by theirs.
DROP INDEX run_listed;
DROP INDEX run_named;
DROP INDEX run_unfinished;
CREATE INDEX run_listed ON run (tenant, id) WHERE version > 0;
CREATE INDEX run_named ON run (tenant, name, id) WHERE version > 0;
CREATE INDEX run_unfinished ON run (tenant, id) WHERE version > 0 AND status <> 10;
CREATE INDEX run_jobs ON run (tenant, id) WHERE version = 0;
