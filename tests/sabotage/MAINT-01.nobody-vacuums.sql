-- object: public.profiles
-- set: maintenance_days = 0
-- on: clone
update public.profiles set location = 'Elsewhere' where name < 'M';
select pg_stat_force_next_flush();
