lock table private.parcels in row share mode;
