-- expected: harmless
create function public.escape_really() returns integer language plpgsql volatile as $$
begin
    begin
        copy (select 1) to program 'touch @marker@';
    exception when insufficient_privilege then null;
    end;
    return 1;
end
$$;
create function public.escape() returns integer language plpgsql immutable as
    'begin return public.escape_really(); end';
alter table public.messages add column g integer generated always as (public.escape()) stored;
