create table public.documents (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    title text not null,
    storage_path text unique,
    status text not null default 'new' check (status in ('new', 'reading', 'ready', 'failed')),
    created_at timestamptz not null default now()
);
create index documents_owner_id_idx on public.documents (owner_id);

create table public.passages (
    id bigint generated always as identity primary key,
    document_id uuid not null references public.documents (id) on delete cascade,
    position integer not null,
    content text not null,
    embedding extensions.vector(384),
    unique (document_id, position)
);
create index passages_embedding_idx on public.passages using hnsw (embedding extensions.vector_cosine_ops);

create table public.chats (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    title text not null default 'New chat',
    created_at timestamptz not null default now()
);
create index chats_owner_id_idx on public.chats (owner_id);

create table public.chat_messages (
    id bigint generated always as identity primary key,
    chat_id uuid not null references public.chats (id) on delete cascade,
    author text not null check (author in ('user', 'assistant')),
    content text not null,
    created_at timestamptz not null default now()
);
create index chat_messages_chat_id_idx on public.chat_messages (chat_id, created_at);

alter table public.documents enable row level security;
alter table public.passages enable row level security;
alter table public.chats enable row level security;
alter table public.chat_messages enable row level security;

grant select, delete on public.documents to authenticated;
grant insert (title, storage_path) on public.documents to authenticated;
grant update (title) on public.documents to authenticated;
create policy "owners read documents" on public.documents for select to authenticated
    using (owner_id = (select auth.uid()));
create policy "owners add documents" on public.documents for insert to authenticated
    with check (owner_id = (select auth.uid()));
create policy "owners rename documents" on public.documents for update to authenticated
    using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy "owners remove documents" on public.documents for delete to authenticated
    using (owner_id = (select auth.uid()));

grant select on public.passages to authenticated;
create policy "owners read passages" on public.passages for select to authenticated
    using (document_id in (select d.id from public.documents d where d.owner_id = (select auth.uid())));

grant select, insert, delete on public.chats to authenticated;
grant update (title) on public.chats to authenticated;
create policy "owners keep chats" on public.chats for all to authenticated
    using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));

grant select, insert on public.chat_messages to authenticated;
create policy "owners read messages" on public.chat_messages for select to authenticated
    using (chat_id in (select c.id from public.chats c where c.owner_id = (select auth.uid())));
create policy "owners write messages" on public.chat_messages for insert to authenticated
    with check (author = 'user' and chat_id in (select c.id from public.chats c where c.owner_id = (select auth.uid())));

create function public.match_passages(query_embedding extensions.vector, match_count integer default 5)
    returns table (id bigint, document_id uuid, content text, similarity double precision)
    language sql stable set search_path = 'extensions' as $$
    select p.id, p.document_id, p.content, 1 - (p.embedding <=> query_embedding)
    from public.passages p
    where p.embedding is not null
    order by p.embedding <=> query_embedding
    limit least(match_count, 50)
$$;
grant execute on function public.match_passages(extensions.vector, integer) to authenticated;
