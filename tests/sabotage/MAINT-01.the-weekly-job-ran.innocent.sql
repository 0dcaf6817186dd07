-- set: maintenance_days = 1
-- on: clone
update public.profiles set location = 'Elsewhere' where name < 'M';
vacuum (analyze);
update public.profiles set location = 'Nowhere' where name > 'M';
select pg_stat_force_next_flush();
