-- object: private.is_trusted()
create function private.trusted_names() returns setof text language sql stable as 'select name from profiles';
create function private.is_trusted() returns boolean language sql stable security definer
return exists (select from private.trusted_names() as name where name = 'Robin');
