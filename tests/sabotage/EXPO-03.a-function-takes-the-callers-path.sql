-- object: public.count_members()
set role postgres;
create function public.count_members() returns bigint language sql stable security definer
as 'select count(*) from public.profiles';
