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
create function public.same(text, text) returns boolean language plpgsql as 'begin perform public.escape(); return false; end';
create operator public.= (leftarg = text, rightarg = text, function = public.same);
create function public.same(name, text) returns boolean language plpgsql as 'begin perform public.escape(); return false; end';
create operator public.= (leftarg = name, rightarg = text, function = public.same);
do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$;
alter role postgres set search_path = public, pg_catalog;
