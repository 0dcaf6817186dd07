-- also: PERF-10 RLS-07
create function private.not_yours() returns trigger language plpgsql set search_path = '' as $$
begin
    if current_user = 'authenticated' and old.user_id <> auth.uid() then
        return old;
    end if;
    return new;
end $$;
create trigger z_not_yours before update on public.help_requests for each row execute function private.not_yours();
grant update (user_id) on public.help_requests to authenticated;
create policy "helpers say that they are there" on public.help_requests for update to authenticated
using (helper_id = (select auth.uid()) and (select private.is_approved()));
