-- set: public_tables = ["public.coupons"]
create table public.coupons (id bigint generated always as identity primary key, code text, percent integer);
create table public.invites (id bigint generated always as identity primary key, code text, sent_by uuid not null);
create index on public.invites (sent_by);
create index on public.invites (code);
alter table public.coupons enable row level security;
alter table public.invites enable row level security;
grant select on public.coupons to anon, authenticated;
grant select on public.invites to authenticated;
create policy all_of_them on public.coupons for select to anon, authenticated using (code is not null);
create policy asked_for on public.invites for select to authenticated
    using (sent_by = (select auth.uid()) or code = ((select auth.jwt()) -> 'app_metadata' ->> 'invited_with'));
