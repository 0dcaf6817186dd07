alter table public.help_requests drop constraint help_requests_category_known;
alter table public.help_requests add constraint categories check (
    category in ('groceries', 'transport', 'household', 'meals', 'childcare', 'petcare', 'medical', 'technology',
    'companionship', 'other', 'neighbour''s garden'));
update public.help_requests set category = 'neighbour''s garden' where id = '20000000-0000-4000-8000-000000000001';
