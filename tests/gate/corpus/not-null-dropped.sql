-- expect: MIG-07 line 2 ban-drop-not-null: private.parcels.code
alter table private.parcels alter column code drop not null;
