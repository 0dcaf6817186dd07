-- object: 20000000-0000-4000-8000-000000000001
-- also: HELP-11
alter table public.help_requests drop constraint help_requests_category_known;
update public.help_requests set category = 'Groceries' where id = '20000000-0000-4000-8000-000000000001';
