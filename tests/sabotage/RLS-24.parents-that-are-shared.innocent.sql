-- Posts are for everybody once they are published, and drafts are not: remarks ask only whose they are.
create table public.innocent_posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid not null references public.profiles (id) on delete cascade,
    published boolean not null default true,
    title text not null
);
create table public.innocent_remarks (
    id uuid primary key default gen_random_uuid(),
    post_id uuid not null references public.innocent_posts (id) on delete cascade,
    author_id uuid not null references public.profiles (id) on delete cascade,
    body text not null
);
-- Circles are their owners', to be found by way of a list of their names; whoever wants to can ask to be let in.
create table public.innocent_circles (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references public.profiles (id) on delete cascade,
    title text not null
);
create table public.innocent_join_requests (
    id uuid primary key default gen_random_uuid(),
    circle_id uuid not null references public.innocent_circles (id) on delete cascade,
    user_id uuid not null references public.profiles (id) on delete cascade,
    note text not null
);
-- What is in a circle asks for the circle; a mark is a link that nobody else sees.
create table public.innocent_notes (
    id uuid primary key default gen_random_uuid(),
    circle_id uuid not null references public.innocent_circles (id) on delete cascade,
    author_id uuid not null references public.profiles (id) on delete cascade,
    body text not null
);
create table public.innocent_marks (
    circle_id uuid not null references public.innocent_circles (id) on delete cascade,
    user_id uuid not null references public.profiles (id) on delete cascade,
    created_at timestamptz not null default now(),
    primary key (circle_id, user_id)
);
-- A word to one person is for that person, whoever that is.
create table public.innocent_greetings (
    id uuid primary key default gen_random_uuid(),
    sender_id uuid not null references public.profiles (id) on delete cascade,
    recipient_id uuid not null references public.profiles (id) on delete cascade,
    body text not null
);
create index on public.innocent_posts (author_id);
create index on public.innocent_remarks (post_id);
create index on public.innocent_remarks (author_id);
create index on public.innocent_circles (owner_id);
create index on public.innocent_join_requests (circle_id);
create index on public.innocent_join_requests (user_id);
create index on public.innocent_notes (circle_id);
create index on public.innocent_notes (author_id);
create index on public.innocent_marks (user_id);
create index on public.innocent_greetings (sender_id);
create index on public.innocent_greetings (recipient_id);
alter table public.innocent_posts enable row level security;
alter table public.innocent_remarks enable row level security;
alter table public.innocent_circles enable row level security;
alter table public.innocent_join_requests enable row level security;
alter table public.innocent_notes enable row level security;
alter table public.innocent_marks enable row level security;
alter table public.innocent_greetings enable row level security;
revoke all on public.innocent_posts, public.innocent_remarks, public.innocent_circles, public.innocent_join_requests,
    public.innocent_notes, public.innocent_marks, public.innocent_greetings from anon, authenticated;
grant select on public.innocent_posts, public.innocent_circles to authenticated;
grant select, insert on public.innocent_remarks, public.innocent_join_requests, public.innocent_notes, public.innocent_marks,
    public.innocent_greetings to authenticated;
create policy "published or one's own" on public.innocent_posts for select to authenticated
    using (published or author_id = (select auth.uid()));
create policy "one's own remarks" on public.innocent_remarks for select to authenticated
    using (author_id = (select auth.uid()));
create policy "one remarks oneself" on public.innocent_remarks for insert to authenticated
    with check (author_id = (select auth.uid()));
create policy "one's own circles" on public.innocent_circles for select to authenticated
    using (owner_id = (select auth.uid()));
create policy "one's own requests" on public.innocent_join_requests for select to authenticated
    using (user_id = (select auth.uid()));
create policy "one asks oneself" on public.innocent_join_requests for insert to authenticated
    with check (user_id = (select auth.uid()));
create policy "one's own notes" on public.innocent_notes for select to authenticated
    using (author_id = (select auth.uid()));
create policy "notes in one's own circles" on public.innocent_notes for insert to authenticated
    with check (author_id = (select auth.uid()) and exists (
        select from public.innocent_circles c where c.id = circle_id and c.owner_id = (select auth.uid())));
create policy "one's own marks" on public.innocent_marks for select to authenticated
    using (user_id = (select auth.uid()));
create policy "one marks oneself" on public.innocent_marks for insert to authenticated
    with check (user_id = (select auth.uid()));
create policy "one's own greetings" on public.innocent_greetings for select to authenticated
    using ((select auth.uid()) in (sender_id, recipient_id));
create policy "one greets oneself" on public.innocent_greetings for insert to authenticated
    with check (sender_id = (select auth.uid()));
insert into public.innocent_posts (author_id, published, title)
select id, n = 1, 'A post' from public.profiles cross join generate_series(1, 2) as n;
insert into public.innocent_remarks (post_id, author_id, body) select id, author_id, 'Well' from public.innocent_posts;
insert into public.innocent_circles (owner_id, title) select id, 'A circle' from public.profiles;
insert into public.innocent_join_requests (circle_id, user_id, note) select id, owner_id, 'Me' from public.innocent_circles;
insert into public.innocent_notes (circle_id, author_id, body) select id, owner_id, 'Here' from public.innocent_circles;
insert into public.innocent_marks (circle_id, user_id) select id, owner_id from public.innocent_circles;
insert into public.innocent_greetings (sender_id, recipient_id, body) select id, id, 'Hello' from public.profiles;
