-- Functions that are constants, beside a list of the same words which nobody may read.
create table public.offices (id bigint generated always as identity primary key, name text not null);
alter table public.offices enable row level security;
revoke all on public.offices from anon, authenticated;
grant select (id) on public.offices to authenticated;
create policy none_yet on public.offices for select to authenticated using (false);
insert into public.offices (name) values ('treasurer'), ('secretary');
create function public.office_of_treasurer() returns text language sql immutable set search_path = '' as $$ select 'treasurer' $$;
create function public.office_of_secretary() returns text language sql immutable set search_path = ''
return 'secretary';
grant execute on function public.office_of_treasurer(), public.office_of_secretary() to anon, authenticated;
