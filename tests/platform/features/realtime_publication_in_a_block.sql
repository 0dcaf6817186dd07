create table public.moves (id bigint primary key);
do $$ begin
    if not exists (select 1 from pg_publication_tables where pubname = 'supabase_realtime' and tablename = 'moves') then
        alter publication supabase_realtime add table public.moves;
    end if;
end $$;
alter publication supabase_realtime drop table public.moves;
