insert into vault.secrets (name, secret) values ('api_url', 'http://127.0.0.1:54321');
do $$ begin
    if (select decrypted_secret from vault.decrypted_secrets where name = 'api_url') <> 'http://127.0.0.1:54321' then
        raise exception 'lost';
    end if;
end $$;
