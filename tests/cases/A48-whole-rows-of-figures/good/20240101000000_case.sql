create table public.payments (id uuid primary key default gen_random_uuid(),
    payer uuid not null references auth.users on delete cascade, amount numeric(10, 2) not null, due date not null, points int not null default 0);
create index on public.payments (payer);
create table public.measures (id bigint generated always as identity primary key,
    patient uuid not null references auth.users on delete cascade, weight double precision not null, starts_at timestamptz not null);
create index on public.measures (patient);
create table public.marks (pupil uuid not null references auth.users on delete cascade, term int not null, mark int not null,
    primary key (pupil, term));
alter table public.payments enable row level security;
alter table public.measures enable row level security;
alter table public.marks enable row level security;
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
create policy own on public.payments for select to authenticated using (payer = (select auth.uid()));
create policy own on public.measures for select to authenticated using (patient = (select auth.uid()));
create policy own on public.marks for select to authenticated using (pupil = (select auth.uid()));
create function public.all_payments() returns setof public.payments language sql stable security definer set search_path = '' as
    'select * from public.payments where payer = auth.uid()';
create function public.measures_as_json() returns jsonb language sql stable security definer set search_path = '' as
    'select jsonb_agg(m) from public.measures m where m.patient = auth.uid()';
create function public.marks_of(p_pupil uuid) returns setof public.marks language sql stable security definer set search_path = '' as
    'select * from public.marks where pupil = p_pupil and pupil = auth.uid()';
-- Who has how many points, when something is taken, and what all have paid is for whoever has signed in.
create function public.points() returns table (id uuid, payer uuid, points int) language sql stable security definer set search_path = '' as
    'select id, payer, points from public.payments where auth.uid() is not null';
create function public.taken() returns table (id bigint, starts_at timestamptz) language sql stable security definer set search_path = '' as
    'select id, starts_at from public.measures where auth.uid() is not null';
create function public.paid() returns table (due date, amount numeric) language sql stable security definer set search_path = '' as
    'select due, sum(amount) from public.payments where auth.uid() is not null group by 1';
revoke execute on all functions in schema public from public, anon;
grant execute on all functions in schema public to authenticated;
