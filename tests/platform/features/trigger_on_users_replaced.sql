create function public.synced() returns trigger language plpgsql as $$ begin return new; end $$;
drop trigger if exists on_auth_user_updated on auth.users;
create trigger on_auth_user_updated after update of email on auth.users for each row execute function public.synced();
drop trigger on_auth_user_updated on auth.users;
create or replace trigger on_auth_user_updated after update on auth.users for each row execute function public.synced();
