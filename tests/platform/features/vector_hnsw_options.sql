-- expected: absent where vector is stood in for
create extension vector with schema extensions;
create table public.chunks (embedding extensions.vector(4));
create index on public.chunks using hnsw (embedding extensions.vector_ip_ops) with (m = 16, ef_construction = 64);
