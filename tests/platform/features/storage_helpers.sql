do $$ begin
    if storage.filename('a/b/c.png') <> 'c.png' or storage.extension('a/b/c.png') <> 'png' or storage.foldername('a/b/c.png') <> array['a', 'b'] then
        raise exception 'wrong';
    end if;
end $$;
