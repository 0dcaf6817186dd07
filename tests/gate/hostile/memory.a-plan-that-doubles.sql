-- expected: any
do $$ declare q text := 'select 1 as x'; begin
    for i in 1..14 loop q := format('select 1 as x from (%s) a%s, (%s) b%s', q, i, q, i); end loop;
    execute 'create view public.doubles as ' || q;
end $$;
