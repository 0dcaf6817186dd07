lock table private.parcels in row exclusive mode;
