create extension if not exists pg_hashids with schema extensions;
create table public.links (id bigint generated always as identity primary key, code text);
update public.links set code = extensions.id_encode(id, 'salt', 6);
do $$ begin
    if extensions.id_decode_once(extensions.id_encode(4711, 'salt', 8), 'salt', 8) <> 4711 then raise exception 'lost'; end if;
end $$;
