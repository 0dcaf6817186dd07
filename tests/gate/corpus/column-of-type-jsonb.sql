alter table private.parcels add column extra jsonb;
