set role postgres;
-- It asks who calls.
create view public.people with (security_invoker = true) as select p.id, p.name from public.profiles p;
create function private.entered() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update public.profiles set name = new.name where id = new.id and id = auth.uid();
  return new;
end $$;
create trigger entered instead of insert on public.people for each row execute function private.entered();
grant select, insert on public.people to authenticated;
-- Nobody of the API inserts.
create view public.names with (security_invoker = true) as select p.id, p.name from public.profiles p;
create function private.named() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update public.profiles set name = new.name where id = new.id;
  return new;
end $$;
create trigger named instead of insert on public.names for each row execute function private.named();
grant select on public.names to authenticated;
-- It only asks whether the server calls.
create function public.from_the_server() returns bigint language plpgsql set search_path = '' as $$
begin
  if current_setting('role', true) = 'service_role' then return (select count(*) from public.messages); end if;
  return 0;
end $$;
grant execute on function public.from_the_server() to authenticated;
