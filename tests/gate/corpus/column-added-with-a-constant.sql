alter table private.parcels add column colour text not null default 'brown';
