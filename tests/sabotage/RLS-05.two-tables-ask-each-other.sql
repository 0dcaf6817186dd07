-- object: public.albums
-- object: public.album_members
create table public.albums (id bigint primary key, user_id uuid not null);
create table public.album_members (album_id bigint, user_id uuid, primary key (album_id, user_id));
create index on public.albums (user_id);
create index on public.album_members (user_id);
alter table public.albums enable row level security;
alter table public.album_members enable row level security;
grant select on public.albums, public.album_members to authenticated;
create policy "members see albums" on public.albums for select to authenticated using (exists (
    select from public.album_members m where m.album_id = albums.id and m.user_id = (select auth.uid())));
create policy "owners see members" on public.album_members for select to authenticated using (exists (
    select from public.albums a where a.id = album_members.album_id and a.user_id = (select auth.uid())));
