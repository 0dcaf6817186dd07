-- object: feedback_profile_id_fkey on public.feedback
create table public.feedback (id bigint primary key, profile_id uuid not null references public.profiles (id));
alter table public.feedback enable row level security;
