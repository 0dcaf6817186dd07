update private.parcels set note = 'none' where note is null;
