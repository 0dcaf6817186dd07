-- expect: MIG-01 line 4 20270101000000_fails-half-way.sql
-- unchecked: MIG-05 MIG-06
alter table private.parcels add column colour text;
alter table private.parcels add column colour text;
