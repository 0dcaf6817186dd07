create extension if not exists pg_cron;
create extension if not exists pg_net;
select cron.schedule('invoke', '* * * * *', $$
    select net.http_post(
        url := (select decrypted_secret from vault.decrypted_secrets where name = 'project_url') || '/functions/v1/tick',
        headers := jsonb_build_object('Authorization', 'Bearer ' || (select decrypted_secret from vault.decrypted_secrets where name = 'anon_key'))
    ) as request_id;
$$);
