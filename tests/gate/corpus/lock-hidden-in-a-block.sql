-- expect: MIG-04 line 2 private.parcels (an explicit lock)
do $$ begin execute 'lock table private.parcels in exclusive mode'; end $$;
