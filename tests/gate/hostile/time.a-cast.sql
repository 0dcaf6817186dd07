-- expected: harmless
-- H3: nothing of ours calls a cast, so that it never gets to loop; time.a-cast-that-is-called does
create type public.pair as (a integer, b integer);
create function public.pair_text(public.pair) returns text language plpgsql immutable as 'begin loop null; end loop; end';
create cast (public.pair as text) with function public.pair_text(public.pair) as implicit;
alter table public.messages add column pair public.pair default row (1, 2);
