-- object: 20000000-0000-4000-8000-000000000005
-- also: AUTH-08 MAINT-08
alter table public.help_requests drop constraint help_requests_category_known;
update public.help_requests set category = 'food' where id = '20000000-0000-4000-8000-000000000005';
alter table public.help_requests add constraint help_requests_category_known check (
    category in ('groceries', 'transport', 'household', 'meals', 'childcare', 'petcare', 'medical', 'technology',
    'companionship', 'other')) not valid;
