-- +goose Up
-- +goose StatementBegin
do $$
begin
    execute 'alter default privileges in schema public revoke all on tables from anon, authenticated';
    execute 'alter default privileges in schema public revoke all on sequences from anon, authenticated';
    execute 'alter default privileges in schema public revoke execute on functions from anon, authenticated';
    execute 'alter default privileges revoke execute on functions from public';
end
$$;
-- +goose StatementEnd

create table public.authors (
    id uuid primary key references auth.users (id) on delete cascade,
    handle text not null unique check (handle ~ '^[a-z0-9_]{3,40}$'),
    bio text not null default '',
    banned_at timestamptz
);

create table public.topics (
    id bigint generated always as identity primary key,
    author_id uuid references public.authors (id) on delete set null,
    title text not null check (char_length(title) between 4 and 200),
    locked boolean not null default false,
    created_at timestamptz not null default now()
);
create index topics_author_id_idx on public.topics (author_id);

create table public.posts (
    id bigint generated always as identity primary key,
    topic_id bigint not null references public.topics (id) on delete cascade,
    author_id uuid references public.authors (id) on delete set null,
    body text not null,
    hidden boolean not null default false,
    created_at timestamptz not null default now()
);
create index posts_topic_id_idx on public.posts (topic_id, created_at);
create index posts_author_id_idx on public.posts (author_id);

alter table public.authors enable row level security;
alter table public.topics enable row level security;
alter table public.posts enable row level security;

-- +goose Down
drop table public.posts;
drop table public.topics;
drop table public.authors;
