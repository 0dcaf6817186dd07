-- object: 20000000-0000-4000-8000-000000001004
-- also: MAINT-08
alter table public.help_requests drop constraint help_requests_category_check;
update public.help_requests set category = 'transport' where id = '20000000-0000-4000-8000-000000001004';
alter table public.help_requests add constraint help_requests_category_check check (category in (
    'groceries', 'transportation', 'household-tasks', 'medical-pharmacy', 'meal-preparation', 'respite-care',
    'emotional-support', 'technology-help', 'social-companionship', 'other')) not valid;
