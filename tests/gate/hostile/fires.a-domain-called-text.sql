-- expected: harmless
-- B5: what says ::text means this one
create function public.escape() returns integer language plpgsql volatile as $$
begin
    begin
        copy (select 1) to program 'touch @marker@';
    exception when insufficient_privilege then null;
    end;
    return 1;
end
$$;
create function public.said(value text) returns boolean language plpgsql immutable as
    'begin perform public.escape(); return true; end';
create domain pg_temp.text as pg_catalog.text check (public.said(value));
comment on table public.messages is 'x';
alter table public.messages add column more integer;
