create table public.spiele (
    id bigint generated always as identity primary key,
    leiter uuid not null references auth.users on delete cascade,
    titel text not null,
    offen boolean not null default true,
    losung text not null default substr(md5(random()::text), 1, 8)
);
create index on public.spiele (leiter);
alter table public.spiele enable row level security;
create policy finden on public.spiele for select to authenticated using (offen and (select auth.uid()) is not null);
create policy leiten on public.spiele for update to authenticated using (leiter = (select auth.uid()));
