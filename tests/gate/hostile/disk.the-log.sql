-- expected: ended
do $$ begin loop raise log '%', repeat('x', 100000); end loop; end $$;
