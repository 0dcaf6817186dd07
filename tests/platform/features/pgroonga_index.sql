create extension if not exists pgroonga with schema extensions;
create table public.memos (id int primary key, content text);
create index on public.memos using pgroonga (content);
insert into public.memos values (1, 'PostgreSQL is a database');
select * from public.memos where content operator(extensions.&@~) 'database';
