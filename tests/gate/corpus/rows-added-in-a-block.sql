do $$ begin
    insert into private.labels values (90001, 1, 'a'), (90002, 2, 'b'), (90003, 3, 'c');
    delete from private.labels where id > 90000;
    insert into private.labels values (90001, 1, 'a');
end $$;
