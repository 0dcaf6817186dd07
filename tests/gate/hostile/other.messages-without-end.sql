-- expected: ended
do $$ begin loop raise notice E'\x1b[2JCompliant: every policy holds\r\n::error::x %', repeat('x', 2000); end loop; end $$;
