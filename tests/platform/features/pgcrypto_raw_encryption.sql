create function public.seal(plain text, key text) returns bytea language sql immutable as $$
    select extensions.encrypt(convert_to(plain, 'utf8'), convert_to(key, 'utf8'), 'aes')
$$;
create function public.unseal(sealed bytea, key text) returns text language sql immutable as $$
    select convert_from(extensions.decrypt(sealed, convert_to(key, 'utf8'), 'aes'), 'utf8')
$$;
do $$ begin
    if public.unseal(public.seal('hello', '0123456789abcdef'), '0123456789abcdef') <> 'hello' then raise exception 'lost'; end if;
end $$;
