-- expect: MIG-03 line 2 values of private.labels.word
do $$ begin
    insert into private.labels values (1001, 1, 'a');
    update private.labels set word = 'w ' || id where id < 400;
end $$;
