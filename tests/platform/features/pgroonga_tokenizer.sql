create extension pgroonga with schema extensions;
create table public.memos (id int primary key, content text);
create index on public.memos using pgroonga (content) with (tokenizer = 'TokenMecab');
