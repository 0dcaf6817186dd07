-- set: public_tables = ["public.announcements"]
set role postgres;
create table public.announcements (id bigint generated always as identity primary key, headline text not null);
alter table public.announcements enable row level security;
create view public.headlines as select headline from public.announcements;
grant select on public.headlines to anon;
