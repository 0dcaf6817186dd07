create function private.totals(p_bucket text) returns bigint language plpgsql stable set search_path = '' as $$
begin
    return (with storage as (select count(*) as value from storage.objects o where o.bucket_id = p_bucket)
            select storage.value from storage where storage.value > 0);
end
$$;
