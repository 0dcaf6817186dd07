create table public.sections (
    code char(3) primary key check (code ~ '^[A-Z]{3}$'),
    title text not null unique,
    parent char(3) references public.sections (code),
    colour text check (colour ~* '^#[0-9a-f]{6}$')
);
insert into public.sections (code, title, colour) values ('NEW', 'News', '#aa0000'), ('ART', 'Arts', '#00aa00');

create table public.posts (
    id bigint generated always as identity primary key,
    author_id integer not null references public.authors (id),
    section char(3) not null references public.sections (code) on update cascade,
    slug text not null unique check (slug ~ '^[a-z0-9-]+$'),
    title text not null check (char_length(title) between 3 and 140),
    body text not null default '',
    excerpt text generated always as (left(body, 200)) stored,
    visibility public.visibility not null default 'public',
    status text not null default 'draft',
    published_at timestamptz,
    words integer generated always as (cardinality(string_to_array(body, ' '))) stored,
    meta jsonb not null default '{}' check (jsonb_typeof(meta) = 'object' and not meta ? 'password'),
    previous_id bigint unique references public.posts (id) deferrable initially deferred,
    constraint posts_status check (status in ('draft', 'review', 'published', 'retracted')),
    constraint published_has_a_date check (status not in ('published', 'retracted') or published_at is not null),
    constraint not_its_own_sequel check (previous_id is distinct from id)
);
alter table public.authors add foreign key (featured_post_id) references public.posts (id) on delete set null;

create table public.post_revisions (
    post_id bigint not null references public.posts (id) on delete cascade,
    number integer not null check (number >= 1),
    edited_by integer not null references public.authors (id),
    body text not null,
    previous integer,
    created_at timestamptz not null default now(),
    primary key (post_id, number),
    foreign key (post_id, previous) references public.post_revisions (post_id, number),
    check (previous < number)
);

create table public.tags (
    name text collate "C" primary key check (name = lower(btrim(name)) and length(name) between 2 and 30),
    synonyms text[] check (array_length(synonyms, 1) <= 5)
);
create table public.post_tags (
    post_id bigint references public.posts (id) on delete cascade,
    tag text references public.tags (name) on update cascade on delete cascade,
    primary key (post_id, tag)
);

create table public.co_authors (
    post_id bigint not null references public.posts (id) on delete cascade,
    author_id integer not null references public.authors (id),
    share numeric(3, 2) not null check (share > 0 and share <= 1),
    unique (post_id, author_id)
);

create table public.media (
    id uuid primary key default gen_random_uuid(),
    post_id bigint references public.posts (id) on delete set null,
    uploaded_by integer not null references public.authors (id),
    url text not null check (url ~ '^https://[a-z0-9.-]+/[^[:space:]]*$'),
    kind text not null check (kind = any (array['image', 'audio', 'video'])),
    seconds numeric check (seconds > 0),
    size int4range not null default '[1,100)',
    position point,
    sha256 bytea not null unique check (octet_length(sha256) = 32),
    constraint sound_has_a_length check (kind = 'image' or seconds is not null)
);

create function public.is_live(post public.posts) returns boolean language sql stable as $$
    select post.status = 'published' and post.published_at <= now() and post.visibility <> 'hidden'
$$;
grant execute on function public.is_live(public.posts) to anon, authenticated;

alter table public.sections enable row level security;
alter table public.posts enable row level security;
alter table public.post_revisions enable row level security;
alter table public.tags enable row level security;
alter table public.post_tags enable row level security;
alter table public.co_authors enable row level security;
alter table public.media enable row level security;
grant select on public.sections, public.posts, public.tags, public.post_tags, public.co_authors, public.media
    to anon, authenticated;
grant select, insert on public.post_revisions to authenticated;
grant insert, delete on public.posts, public.post_tags, public.media to authenticated;
grant update (section, slug, title, body, visibility, meta) on public.posts to authenticated;

create policy sections_read on public.sections for select to anon, authenticated using (true);
create policy tags_read on public.tags for select to anon, authenticated using (true);
create policy posts_read on public.posts for select to anon
    using (status = 'published' and published_at <= now() and visibility = 'public');
create policy posts_read_signed_in on public.posts for select to authenticated
    using (status = 'published' and published_at <= now()
               and (visibility = 'public' or visibility = 'members' and (select internal.is_subscriber()))
           or author_id = (select internal.author_id()) or (select internal.is_editor()));
create policy posts_write on public.posts for insert to authenticated
    with check (author_id = (select internal.author_id()) and status = 'draft');
create policy posts_edit on public.posts for update to authenticated
    using (author_id = (select internal.author_id())) with check (author_id = (select internal.author_id()));
create policy posts_remove on public.posts for delete to authenticated
    using (author_id = (select internal.author_id()) and status = 'draft');
create policy revisions_read on public.post_revisions for select to authenticated
    using (exists (select from public.posts p where p.id = post_id and p.author_id = (select internal.author_id()))
           or (select internal.is_editor()));
create policy revisions_add on public.post_revisions for insert to authenticated
    with check (edited_by = (select internal.author_id())
                and exists (select from public.posts p
                            where p.id = post_id and p.author_id = (select internal.author_id())));
create policy post_tags_read on public.post_tags for select to anon, authenticated using (
    exists (select from public.posts p where p.id = post_id));
create policy post_tags_add on public.post_tags for insert to authenticated with check (
    exists (select from public.posts p where p.id = post_id and p.author_id = (select internal.author_id())));
create policy post_tags_remove on public.post_tags for delete to authenticated using (
    exists (select from public.posts p where p.id = post_id and p.author_id = (select internal.author_id())));
create policy co_authors_read on public.co_authors for select to anon, authenticated
    using (exists (select from public.posts p where p.id = post_id));
create policy media_read on public.media for select to anon, authenticated
    using (uploaded_by = (select internal.author_id()) or exists (select from public.posts p where p.id = post_id));
create policy media_add on public.media for insert to authenticated
    with check (uploaded_by = (select internal.author_id()));
create policy media_remove on public.media for delete to authenticated
    using (uploaded_by = (select internal.author_id()));
