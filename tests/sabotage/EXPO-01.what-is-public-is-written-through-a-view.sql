-- object: public.headlines
-- object: public.notices
-- Everybody may read it; that everybody may write it was not meant.
-- set: public_tables = ["public.announcements", "public.notices"]
set role postgres;
create table public.announcements (id bigint generated always as identity primary key, headline text not null);
alter table public.announcements enable row level security;
create view public.headlines as select headline from public.announcements;
grant select, insert on public.headlines to authenticated;
create view public.notices as select headline from public.announcements;
grant select, insert, update, delete on public.notices to authenticated;
