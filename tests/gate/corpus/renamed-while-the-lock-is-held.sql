-- expect: MIG-07 line 3 renaming-column: *
alter table private.parcels add column extra text;
alter table private.parcels rename column remark to remarks;
