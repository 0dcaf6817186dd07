select vault.create_secret('s3cr3t', 'stripe_key', 'for the webhook');
create function public.stripe_key() returns text language sql security definer set search_path = '' as $$
    select decrypted_secret from vault.decrypted_secrets where name = 'stripe_key'
$$;
revoke execute on function public.stripe_key() from public, anon, authenticated;
do $$ begin
    if public.stripe_key() <> 's3cr3t' then raise exception 'lost'; end if;
end $$;
