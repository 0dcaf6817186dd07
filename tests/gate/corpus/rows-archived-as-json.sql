create table private.old_labels (id bigint generated always as identity primary key, doc jsonb not null);
insert into private.old_labels (doc) select to_jsonb(l) from private.labels l where id < 20;
delete from private.labels where id < 20;
create table private.old_parcels (at timestamptz not null default now(), doc json not null);
insert into private.old_parcels (doc) select row_to_json(p) from private.parcels p where id <= 5;
delete from private.parcels where id <= 5;
