-- object: *select pg_stat_user_indexes: cannot be planned
-- on: runbook
select tablename, indexname, idx_scan from pg_stat_user_indexes;
