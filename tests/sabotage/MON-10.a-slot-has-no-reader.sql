-- object: replication slot behind
-- set: held_back_transactions = 0
-- set: slot_idle_minutes = 0
-- on: clone
-- also: MAINT-06
select pg_create_logical_replication_slot('behind', 'pgoutput');
update public.profiles set location = location;
