-- object: database *
-- on: clone
select pg_stat_reset();
select pg_stat_force_next_flush();
