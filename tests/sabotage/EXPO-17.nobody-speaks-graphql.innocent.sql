-- also: RLS-03
create table public.diaries (id bigint generated always as identity primary key, writer uuid, words text);
alter table public.diaries enable row level security;
grant select on public.diaries to anon, authenticated;
