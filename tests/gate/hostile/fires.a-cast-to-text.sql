-- expected: harmless
-- B4: fingerprints read texts
create function public.escape() returns integer language plpgsql volatile as $$
begin
    begin
        copy (select 1) to program 'touch @marker@';
    exception when insufficient_privilege then null;
    end;
    return 1;
end
$$;
create type public.pair as (a integer, b integer);
create function public.escape_text(public.pair) returns text language plpgsql as
    'begin perform public.escape(); return ''x''; end';
create cast (public.pair as text) with function public.escape_text(public.pair) as implicit;
alter table public.messages add column pair public.pair default row (1, 2);
