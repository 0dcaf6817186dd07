create table public.bank_accounts (id uuid primary key default gen_random_uuid(), iban bytea not null);
insert into public.bank_accounts (iban) values (extensions.pgp_sym_encrypt('DE02120300000000202051', 'k', 'cipher-algo=aes256'));
create view public.bank_accounts_clear with (security_invoker = true) as
    select id, extensions.pgp_sym_decrypt(iban, 'k') as iban from public.bank_accounts;
do $$ begin
    if (select iban from public.bank_accounts_clear) <> 'DE02120300000000202051' then raise exception 'lost'; end if;
end $$;
