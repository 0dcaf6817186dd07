-- A function without a search_path of its own finds its table by the API's.
create table public.clubs (id bigint generated always as identity primary key, owner_id uuid, name text);
create index on public.clubs (owner_id);
alter table public.clubs enable row level security;
revoke all on public.clubs from anon, authenticated;
create function private.owns_club(club bigint) returns boolean language plpgsql stable as
$$ begin return exists (select 1 from clubs where clubs.id = club and clubs.owner_id = auth.uid()); end $$;
create table public.club_rooms (id bigint generated always as identity primary key, club_id bigint);
alter table public.club_rooms enable row level security;
revoke all on public.club_rooms from anon, authenticated;
grant select on public.club_rooms to authenticated;
grant select on public.clubs to authenticated;
create policy own_clubs on public.clubs for select to authenticated using (owner_id = (select auth.uid()));
grant execute on function private.owns_club(bigint) to authenticated;
create policy rooms on public.club_rooms for select to authenticated using (private.owns_club(club_id));
