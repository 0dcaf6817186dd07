create type public.category as enum ('groceries', 'transport', 'household', 'meals', 'childcare', 'petcare', 'medical',
    'technology', 'companionship', 'other', 'garden');
alter table public.help_requests drop constraint help_requests_category_known;
alter table public.help_requests alter column category type public.category using category::public.category;
update public.help_requests set category = 'garden' where id = '20000000-0000-4000-8000-000000000001';
