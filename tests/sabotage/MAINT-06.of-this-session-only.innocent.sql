-- set: slot_idle_minutes = 0
-- on: clone
select pg_create_logical_replication_slot('mine', 'pgoutput', true);
select pg_drop_replication_slot('mine');
