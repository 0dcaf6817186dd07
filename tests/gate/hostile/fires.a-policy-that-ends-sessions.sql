-- expected: any
create function private.ends() returns boolean language plpgsql as $$ begin
    perform pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid();
    return true;
end $$;
create policy "ends" on public.messages for select to authenticated using ((select private.ends()));
