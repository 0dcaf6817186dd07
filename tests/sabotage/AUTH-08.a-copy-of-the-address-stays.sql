-- object: public.newsletter.settings
set role postgres;
create table public.newsletter (id bigint generated always as identity primary key, settings jsonb not null);
alter table public.newsletter enable row level security;
insert into public.newsletter (settings)
select jsonb_build_object('to', jsonb_build_array(u.email)) from auth.users u where u.email is not null limit 20;
