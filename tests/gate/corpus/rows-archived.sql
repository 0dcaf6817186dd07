-- Under other names, with more beside them, and by the very statement that deletes.
create table private.old_stops (archived_at timestamptz not null default now(), stop bigint primary key, stood_at text, of_parcel integer, how private.kind);
insert into private.old_stops (stop, stood_at, of_parcel, how) select id, place, parcel_id, kind from private.stops where id < 500;
delete from private.stops where id < 500;
create table private.old_labels (label bigint primary key, word text, parcel_id integer);
with gone as (delete from private.labels where id < 20 returning *)
insert into private.old_labels (label, word, parcel_id) select id, word, parcel_id from gone;
