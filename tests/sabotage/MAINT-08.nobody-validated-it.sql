-- object: long_enough on public.profiles
-- object: "Owner; gone" on public.help_requests
-- object: short on public.short_text
alter table public.profiles add constraint long_enough check (length(name) > 1) not valid;
alter table public.help_requests add constraint "Owner; gone" foreign key (user_id) references auth.users (id)
on delete cascade not valid;
create domain public.short_text as text;
alter domain public.short_text add constraint short check (length(value) < 10) not valid;
