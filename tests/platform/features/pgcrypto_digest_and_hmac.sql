do $$
begin
    if encode(extensions.digest('abc', 'sha1'), 'hex') <> 'a9993e364706816aba3e25717850c26c9cd0d89d'
        or encode(extensions.digest('abc'::bytea, 'md5'), 'hex') <> '900150983cd24fb0d6963f7d28e17f72'
        or encode(extensions.hmac('what do ya want for nothing?', 'Jefe', 'sha256'), 'hex')
            <> '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
    then
        raise exception 'a hash is wrong';
    end if;
end $$;
