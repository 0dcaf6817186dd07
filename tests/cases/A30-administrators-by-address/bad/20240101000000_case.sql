create table public.people (id uuid primary key references auth.users (id) on delete cascade, nick text, mail text);
alter table public.people enable row level security;
create policy me on public.people for select to authenticated using (id = (select auth.uid()));
create policy edit on public.people for update to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
revoke all on public.people from anon, authenticated;
grant select on public.people to authenticated;

create schema private;
create table private.managers (mail text primary key);
create table public.tickets (
    id uuid primary key default gen_random_uuid(), opener uuid not null references auth.users (id) on delete cascade, said text not null default '');
create index on public.tickets (opener);
alter table public.tickets enable row level security;
create function private.manages() returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select from private.managers m join public.people p on p.mail = m.mail where p.id = (select auth.uid()))
$$;
grant usage on schema private to authenticated;
revoke execute on function private.manages() from public;
grant execute on function private.manages() to authenticated;
create policy look on public.tickets for select to authenticated using (opener = (select auth.uid()) or (select private.manages()));
insert into private.managers values ('root@example.org'), ('boss@example.org');

grant update (nick, mail) on public.people to authenticated;
