-- object: public.notes
create table public.notes (id bigint generated always as identity primary key, user_id uuid);
alter table public.notes enable row level security;
grant select on public.notes to authenticated;
create policy "no guests" on public.notes as restrictive for select to authenticated
using ((select not private.is_guest()));
