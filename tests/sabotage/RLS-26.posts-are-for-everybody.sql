-- object: "everybody reads" on public.posts
-- object: "anybody asks" on public.questions
-- set: declared_tables = []
create table public.posts (
    id bigint generated always as identity primary key,
    author_id uuid not null references auth.users (id) on delete cascade,
    title text not null,
    content text not null,
    created_at timestamptz not null default now()
);
create index on public.posts (author_id);
create table public.questions (id bigint generated always as identity primary key, email text not null, question text);
alter table public.posts enable row level security;
alter table public.questions enable row level security;
revoke all on public.posts, public.questions from anon, authenticated;
grant select, insert on public.posts to authenticated;
grant insert (email, question) on public.questions to anon;
create policy "everybody reads" on public.posts for select to authenticated using (true);
create policy "authors write" on public.posts for insert to authenticated with check (author_id = (select auth.uid()));
create policy "anybody asks" on public.questions for insert to anon with check (true);
