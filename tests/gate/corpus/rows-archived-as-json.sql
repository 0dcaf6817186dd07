-- expect: MIG-07 line 5 prefer-jsonb: private.old_stops.doc
create table private.old_labels (id bigint generated always as identity primary key, doc jsonb not null);
insert into private.old_labels (doc) select to_jsonb(l) from private.labels l where id < 20;
delete from private.labels where id < 20;
create table private.old_stops (id uuid primary key default gen_random_uuid(), doc json not null);
insert into private.old_stops (doc) select row_to_json(s) from private.stops s where id <= 5;
delete from private.stops where id <= 5;
