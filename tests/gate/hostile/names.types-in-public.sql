-- expected: harmless
create function public.escape() returns integer language plpgsql volatile as $$
begin
    begin
        copy (select 1) to program 'touch @marker@';
    exception when insufficient_privilege then null;
    end;
    return 1;
end
$$;
create function public.said(value pg_catalog.text) returns boolean language plpgsql immutable as
    'begin perform public.escape(); return true; end';
create domain public.regclass as pg_catalog.regclass check (public.said('x'));
create domain public.name as pg_catalog.name check (public.said('x'));
do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$;
