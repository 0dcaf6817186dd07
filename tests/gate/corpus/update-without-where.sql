-- expect: MIG-03 line 2 values of private.parcels.label
update private.parcels set label = 'same';
