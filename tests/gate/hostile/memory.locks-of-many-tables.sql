-- expected: refused
do $$ begin for i in 1..30000 loop execute format('create table private.t%s (id int primary key)', i); end loop; end $$;
