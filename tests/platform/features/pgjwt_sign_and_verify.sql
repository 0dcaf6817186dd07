create extension if not exists pgjwt with schema extensions;
do $$
begin
    if not (select valid from extensions.verify(extensions.sign('{"sub": "1"}', 'secret'), 'secret'))
        or (select valid from extensions.verify(extensions.sign('{"sub": "1"}', 'secret'), 'other')) then
        raise exception 'a signature is not told from another';
    end if;
end $$;
