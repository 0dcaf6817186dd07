-- object: private.my_name()
create schema workshop;
grant create, usage on schema workshop to authenticated;
create function private.my_name() returns text language plpgsql stable security definer set search_path = workshop, public
as 'begin return (select name from profiles where id = auth.uid()); end';
