update private.parcels set label = 'L' || label;
