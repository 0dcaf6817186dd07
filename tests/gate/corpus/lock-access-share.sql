lock table private.parcels in access share mode;
