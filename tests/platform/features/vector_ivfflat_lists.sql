-- expected: absent where vector is stood in for
create extension vector with schema extensions;
create table public.chunks (embedding extensions.vector(4));
create index on public.chunks using ivfflat (embedding extensions.vector_l2_ops) with (lists = 100);
