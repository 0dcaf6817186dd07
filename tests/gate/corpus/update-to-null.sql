-- expect: MIG-03 line 2 values of private.parcels.weight
update private.parcels set weight = null where weight > 100;
