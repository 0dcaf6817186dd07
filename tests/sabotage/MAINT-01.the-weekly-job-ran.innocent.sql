-- set: maintenance_days = 1
-- on: clone
update public.profiles set location = 'Elsewhere' where name < 'M';
vacuum (analyze);
update public.profiles set location = 'Nowhere' where name > 'M';
-- The job may not vacuum the platform's tables.
select pg_stat_reset_single_table_counters('auth.users'::regclass);
update auth.users set email = email;
select pg_stat_force_next_flush();
