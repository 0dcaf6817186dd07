-- object: *insert public.profiles name: publishes an e-mail address
-- on: runbook
insert into public.profiles (id, name)
select u.id, coalesce(u.raw_user_meta_data ->> 'name', u.email) from auth.users u
where not exists (select from public.profiles p where p.id = u.id);
