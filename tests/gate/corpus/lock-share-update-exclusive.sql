lock table private.parcels in share update exclusive mode;
