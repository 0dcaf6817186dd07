-- The policy lets members delete their requests, and a trigger does not: nothing is reached.
create function private.keep_requests() returns trigger language plpgsql set search_path = '' as $$
begin
    if current_user <> 'authenticated' then
        return old;
    end if;
    raise exception 'requests are closed, not deleted' using errcode = 'insufficient_privilege';
end $$;
create trigger keep_requests before delete on public.help_requests
for each row execute function private.keep_requests();
create policy "owners delete their requests" on public.help_requests
for delete to authenticated using (user_id = (select auth.uid()) and (select private.is_approved()));
grant delete on public.help_requests to authenticated;
