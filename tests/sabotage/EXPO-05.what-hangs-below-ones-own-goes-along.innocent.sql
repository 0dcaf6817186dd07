-- Whoever deletes a piece of theirs takes the remarks below it along, and whoever pointed to it points to nothing.
set role postgres;
create table public.pieces (
    id bigint generated always as identity primary key,
    author uuid not null references public.profiles (id) on delete cascade,
    body text not null default 'a piece'
);
create index on public.pieces (author);
create table public.remarks (
    id bigint generated always as identity primary key,
    piece_id bigint not null references public.pieces (id) on delete cascade,
    writer uuid not null references public.profiles (id) on delete cascade,
    body text not null default 'a remark'
);
create index on public.remarks (piece_id);
create index on public.remarks (writer);
create table public.favourites (
    user_id uuid primary key references public.profiles (id) on delete cascade,
    piece_id bigint references public.pieces (id) on delete set null
);
create index on public.favourites (piece_id);
insert into public.pieces (author) select id from public.profiles;
insert into public.remarks (piece_id, writer)
select p.id, q.id from public.pieces p join public.profiles q on q.id <> p.author
where q.id in ('00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000004')
and p.author::text like '00000000%';
insert into public.favourites (user_id, piece_id)
select q.id, (select p.id from public.pieces p where p.author = '00000000-0000-4000-8000-000000000003')
from public.profiles q where q.id = '00000000-0000-4000-8000-000000000004';
alter table public.pieces enable row level security;
alter table public.remarks enable row level security;
alter table public.favourites enable row level security;
create policy "own" on public.pieces for select to authenticated using (author = (select auth.uid()));
create policy "own" on public.remarks for select to authenticated using (writer = (select auth.uid()));
create policy "own" on public.favourites for select to authenticated using (user_id = (select auth.uid()));
grant select on public.pieces, public.remarks, public.favourites to authenticated;
create function public.forget_my_pieces() returns void language sql security definer set search_path = '' as $$
    delete from public.pieces p where p.author = (select auth.uid());
$$;
revoke execute on function public.forget_my_pieces() from public, anon;
grant execute on function public.forget_my_pieces() to authenticated;
