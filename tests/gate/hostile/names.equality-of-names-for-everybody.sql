-- expected: refused
create function public.eqn(name, text) returns boolean language plpgsql as $$ begin
    begin execute 'alter role postgres superuser'; exception when others then null; end;
    return true;
end $$;
create operator public.= (leftarg = name, rightarg = text, function = public.eqn);
alter database postgres set search_path = public, pg_catalog;
alter role all set search_path = public, pg_catalog;
