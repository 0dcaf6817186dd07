-- object: replication slot abandoned
-- set: slot_idle_minutes = 0
-- on: clone
-- A logical slot goes with its database.
select pg_create_logical_replication_slot('abandoned', 'pgoutput');
