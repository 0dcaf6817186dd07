-- expect: MIG-04 line 2 private.parcels (builds an index)
do $$ begin
    create index parcels_by_weight on private.parcels (weight);
end $$;
