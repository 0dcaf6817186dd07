-- object: replication slot slow
-- set: slot_bytes = 1000
-- set: slot_idle_minutes = 100000
-- on: clone
select pg_create_logical_replication_slot('slow', 'pgoutput');
update public.profiles set location = location;
