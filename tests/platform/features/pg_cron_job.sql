create extension if not exists pg_cron with schema pg_catalog;
grant usage on schema cron to postgres;
grant all privileges on all tables in schema cron to postgres;
select cron.schedule('expire-invitations', '*/15 * * * *', $$delete from public.invitations where expires_at < now()$$);
