insert into storage.buckets (id, name) values ('b', 'b');
insert into storage.objects (bucket_id, name, metadata, owner_id) values ('b', 'x/1.png', '{"size": 10, "mimetype": "image/png"}', 'u'), ('b', 'x/y/2.png', '{"size": 5}', 'u');
select * from storage.search('x/', 'b', 100, 2, 0);
select * from storage.search('x/', 'b', 100, 2, 0, '', 'name', 'asc');
select * from storage.search_v2('x/', 'b');
do $$ begin
    if (select size from storage.get_size_by_bucket() where bucket_id = 'b') <> 15 then raise exception 'wrong'; end if;
end $$;
