-- expect: MIG-03 line 5 rows of private.labels
create function private.tidy() returns void language plpgsql set search_path = '' as $$ begin
    delete from private.labels where id % 2 = 0; end $$;
comment on function private.tidy() is 'x';
select private.tidy();
