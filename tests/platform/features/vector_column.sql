create extension if not exists vector with schema extensions;
create table public.documents (id bigint generated always as identity primary key, content text, embedding extensions.vector(3));
insert into public.documents (content, embedding) values ('a', '[1,2,3]'), ('b', '[3,2,1]');
create function public.match_documents(query_embedding extensions.vector(3), match_count int) returns table (id bigint, similarity float)
language sql stable as $$
    select d.id, 1 - (d.embedding operator(extensions.<=>) query_embedding) from public.documents d
    order by d.embedding operator(extensions.<=>) query_embedding limit match_count
$$;
do $$ begin
    if (select id from public.match_documents('[1,2,3]', 1)) <> 1 then raise exception 'not the nearest'; end if;
end $$;
