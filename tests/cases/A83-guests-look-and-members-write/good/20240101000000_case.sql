create table public.board (
    id uuid primary key default gen_random_uuid(), author_id uuid not null references auth.users (id) on delete cascade,
    said text not null default '');
create index board_author on public.board (author_id);
alter table public.board enable row level security;
revoke all on public.board from anon, authenticated;
grant select, insert on public.board to authenticated;
create policy read on public.board for select to authenticated using (true);

create policy write on public.board for insert to authenticated with check (
    author_id = (select auth.uid()) and coalesce(((select auth.jwt()) ->> 'is_anonymous')::boolean, false) is false);
