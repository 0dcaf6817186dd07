-- expect: MIG-07 line 3 prefer-jsonb: private.parcels.extra
-- expect: MIG-07 line 4 prefer-jsonb: private.crates.facts
alter table private.parcels add column extra json;
create table private.crates (id bigint primary key, facts json);
