-- expect: MIG-04 line 3 private.parcels (changes most rows of private.parcels)
alter table private.parcels add column colour text;
update private.parcels set colour = 'brown';
