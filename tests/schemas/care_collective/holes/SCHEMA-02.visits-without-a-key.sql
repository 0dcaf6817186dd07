-- object: public.page_visits
create table public.page_visits (at timestamptz not null default now(), page text);
