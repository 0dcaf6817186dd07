update private.parcels set colour = 'brown';
