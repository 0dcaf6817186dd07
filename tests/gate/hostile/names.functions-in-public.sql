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
create function public.current_setting(text) returns text language plpgsql as 'begin perform public.escape(); return ''x''; end';
create function public.format(text, text) returns text language plpgsql as 'begin perform public.escape(); return ''''; end';
create function public.pg_sleep(integer) returns void language plpgsql as 'begin perform public.escape(); end';
do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$;
