-- unchecked: MIG-03
do $$ begin
    delete from private.parcels where weight = -1;
end $$;
