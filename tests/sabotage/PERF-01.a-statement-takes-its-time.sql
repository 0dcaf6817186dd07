-- object: *[0-9]
-- on: clone
-- set: slow_statement_ms = 100
set role postgres;
/* the dashboard; */ select pg_catalog.pg_sleep(0.2), 'somebody''s name';
/* the dashboard; */ select pg_catalog.pg_sleep(0.2), 'somebody''s name';
/* the dashboard; */ select pg_catalog.pg_sleep(0.2), 'somebody''s name';
/* the dashboard; */ select pg_catalog.pg_sleep(0.2), 'somebody''s name';
/* the dashboard; */ select pg_catalog.pg_sleep(0.2), 'somebody''s name';
reset role;
