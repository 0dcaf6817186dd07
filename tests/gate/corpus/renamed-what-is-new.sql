alter table private.parcels add column extra text;
alter table private.parcels rename column extra to more;
