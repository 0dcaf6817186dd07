create extension vector;
create table public.chunks (embedding vector(1536));
create index on public.chunks using hnsw (embedding vector_cosine_ops);
alter extension vector set schema extensions;
