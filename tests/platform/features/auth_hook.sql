create table public.user_roles (user_id uuid references auth.users (id) on delete cascade, role text);
create function public.custom_access_token_hook(event jsonb) returns jsonb language plpgsql stable as $$
begin
    return jsonb_set(event, '{claims,user_role}', coalesce(to_jsonb((select role from public.user_roles where user_id = (event ->> 'user_id')::uuid limit 1)), 'null'));
end $$;
grant usage on schema public to supabase_auth_admin;
grant execute on function public.custom_access_token_hook to supabase_auth_admin;
revoke execute on function public.custom_access_token_hook from authenticated, anon, public;
grant all on table public.user_roles to supabase_auth_admin;
create policy "hook reads" on public.user_roles as permissive for select to supabase_auth_admin using (true);
