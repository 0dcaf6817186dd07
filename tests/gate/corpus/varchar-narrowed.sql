-- expect: MIG-04 line 4 private.parcels (rewrites the table)
-- expect: MIG-07 line 4 changing-column-type: *
-- What does not fit makes it fail, so that nothing is cut.
alter table private.parcels alter column code type varchar(15);
