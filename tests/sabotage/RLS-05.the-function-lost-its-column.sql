-- object: public.notes
-- also: SCHEMA-04
create table public.notes (id bigint generated always as identity primary key, user_id uuid not null);
create index on public.notes (user_id);
alter table public.notes enable row level security;
grant insert (user_id) on public.notes to authenticated;
create function private.may_write() returns boolean language plpgsql stable security definer set search_path = '' as $$
begin
    return exists (select from public.profiles p where p.id = auth.uid() and p.is_moderator);
end $$;
grant execute on function private.may_write() to authenticated;
create policy "moderators write" on public.notes for insert to authenticated with check ((select private.may_write()));
