-- live: private.parcels 100
alter table private.parcels add column token uuid not null default gen_random_uuid();
