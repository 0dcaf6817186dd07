do $$ begin
    if exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'realtime' and c.relname = 'messages') then
        execute 'alter table realtime.messages enable row level security';
        execute 'create policy "changes only" on realtime.messages for select to authenticated using (extension = ''postgres_changes'')';
    end if;
end $$;
