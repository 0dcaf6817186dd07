-- object: public.is_welcome(uuid)
set role postgres;
create function private.is_known(member uuid) returns boolean language sql stable set search_path = '' as 'select true';
create function public.is_welcome(member uuid) returns boolean language sql stable set search_path = ''
as 'select case when false then private.is_known(member) end';
drop function private.is_known(uuid);
