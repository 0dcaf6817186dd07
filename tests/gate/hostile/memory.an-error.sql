-- expected: ended
do $$ begin raise exception '%', repeat('x', 600000000); end $$;
