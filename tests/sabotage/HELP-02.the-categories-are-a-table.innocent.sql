create table private.categories (name text primary key);
insert into private.categories select distinct category from public.help_requests union select 'garden';
alter table public.help_requests drop constraint help_requests_category_known;
alter table public.help_requests add foreign key (category) references private.categories (name);
create index on public.help_requests (category);
update public.help_requests set category = 'garden' where id = '20000000-0000-4000-8000-000000000001';
