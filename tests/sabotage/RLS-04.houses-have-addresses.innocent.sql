-- What is said of a house, or by it, is no person's; nor are rows that name none.
create table public.meeting_places (id bigint generated always as identity primary key, name text, street text, address text);
create table public.house_rules (id bigint generated always as identity primary key, title text, body text);
alter table public.meeting_places enable row level security;
alter table public.house_rules enable row level security;
grant select on public.meeting_places, public.house_rules to anon, authenticated;
create policy everybody on public.meeting_places for select to anon, authenticated using (true);
create policy everybody on public.house_rules for select to anon, authenticated using (true);
