-- expect: MIG-03 line 2 values of private.parcels.note
with added as (insert into private.labels values (1001, 1, 'a') returning id)
update private.parcels set note = 'gone' where note is not null;
