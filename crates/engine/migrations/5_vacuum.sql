-- A row of the queue lives for milliseconds, so most of what PostgreSQL keeps of it is dead. By itself it would look at a fifth of the
-- table's rows first, clear away slowly, and then give the end of the file back, for which it shuts everybody out.
/*pg:
ALTER TABLE run SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_limit = 1000, vacuum_truncate = off);
ALTER TABLE step SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_limit = 1000, vacuum_truncate = off);
ALTER TABLE inbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, vacuum_truncate = off);
*/
