-- Custom SQL migration file, put your code below! --
create function public.handle_new_user() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    insert into public.profiles (id, nickname)
    values (new.id, coalesce(new.raw_user_meta_data ->> 'nickname', 'cook'));
    return new;
end;
$$;
--> statement-breakpoint
revoke execute on function public.handle_new_user() from public, anon, authenticated;
--> statement-breakpoint
create trigger on_auth_user_created after insert on auth.users
    for each row execute function public.handle_new_user();
--> statement-breakpoint
-- The platform's defaults give more than an API needs.
revoke truncate, references, trigger on all tables in schema public from anon, authenticated;
--> statement-breakpoint
alter default privileges in schema public revoke all on tables from anon, authenticated;
--> statement-breakpoint
alter default privileges in schema public revoke all on sequences from anon, authenticated;
--> statement-breakpoint
alter default privileges in schema public revoke execute on functions from anon, authenticated;
--> statement-breakpoint
alter default privileges revoke execute on functions from public;
