with added as (insert into private.labels values (1001, 1, 'a') returning id)
update private.parcels set note = 'none' where note is null;
