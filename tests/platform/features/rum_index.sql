create extension if not exists rum with schema extensions;
create table public.articles (body text, tsv tsvector generated always as (to_tsvector('simple', body)) stored);
create index on public.articles using rum (tsv extensions.rum_tsvector_ops);
insert into public.articles values ('hello world');
select * from public.articles where tsv @@ to_tsquery('simple', 'hello');
