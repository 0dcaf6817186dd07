-- expect: MIG-04 line 3 private.parcels (takes long)
alter table private.parcels add column extra text;
select pg_sleep(1.5);
