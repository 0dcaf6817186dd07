update private.parcels set label = 'label 0' where label = 'label 1';
