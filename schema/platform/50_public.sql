-- Schema public with the grants that Supabase projects have had by default, and the publication of its realtime service.
-- New tables of role postgres are open to the API roles unless a migration says otherwise: row level security is then the
-- only wall. Projects made since May 2026 begin without these grants (the setting audit.platform_defaults is 'revoked').
-- Sources: https://supabase.com/docs/guides/api/securing-your-api
--          https://supabase.com/changelog/45329-breaking-change-tables-not-exposed-to-data-and-graphql-api-automatically
--          https://supabase.com/docs/guides/realtime/postgres-changes

grant usage on schema public to postgres, anon, authenticated, service_role;

do $$
begin
    if current_setting('audit.platform_defaults', true) is distinct from 'revoked' then
        alter default privileges for role postgres in schema public
            grant all on tables to postgres, anon, authenticated, service_role;
        alter default privileges for role postgres in schema public
            grant all on functions to postgres, anon, authenticated, service_role;
        alter default privileges for role postgres in schema public
            grant all on sequences to postgres, anon, authenticated, service_role;
    end if;
    if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
        -- PostgreSQL warns when wal_level is not logical; nothing subscribes to a disposable server.
        set local client_min_messages = error;
        create publication supabase_realtime;
        alter publication supabase_realtime owner to postgres;
    end if;
end
$$;
