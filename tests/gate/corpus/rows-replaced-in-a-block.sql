-- expect: MIG-03 line 2 rows of private.labels
do $$ begin
    delete from private.labels where id in (1, 2, 3);
    insert into private.labels values (90001, 1, 'a'), (90002, 2, 'b'), (90003, 3, 'c');
end $$;
