-- also: AUTH-08
--
set role postgres;
create table public.invitations (
    id bigint generated always as identity primary key,
    invited_by uuid not null references auth.users (id) on delete cascade,
    email text not null,
    unique (invited_by, email)
);
alter table public.invitations enable row level security;
revoke all on public.invitations from anon, authenticated;
grant select on public.invitations to authenticated;
create policy "whoever invited" on public.invitations for select to authenticated using (invited_by = (select auth.uid()));
reset role;
insert into public.invitations (invited_by, email)
select p.id, u.email from public.profiles p cross join auth.users u where u.email is not null and u.id <> p.id;
analyze public.invitations;
