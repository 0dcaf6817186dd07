-- object: private.entered()
-- Whoever inserts into the view calls the function of its trigger, with the rights of that function's owner.
set role postgres;
create view public.people with (security_invoker = true) as select p.id, p.name from public.profiles p;
create function private.entered() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update public.profiles set name = new.name where id = new.id;
  return new;
end $$;
create trigger entered instead of insert on public.people for each row execute function private.entered();
grant select, insert on public.people to authenticated;
