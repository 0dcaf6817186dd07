-- expected: any
do $$ declare a text[] := array[]::text[]; begin for n in 1 .. 40 loop a := a || a || array_fill(repeat('x', 1000), array[1000]); end loop; end $$;
