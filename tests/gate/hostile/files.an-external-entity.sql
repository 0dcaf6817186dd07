-- expected: refused
do $$ begin
    if xmlparse(document '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>')::text like '%root:%' then
        copy (select 1) to '@marker@';
    end if;
end $$;
do $$ begin raise exception 'nothing was read'; end $$;
