create table public.uploads (object_id uuid, path_tokens text[], level int);
create function public.uploaded() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.uploads values (new.id, new.path_tokens, new.level);
    return new;
end $$;
create trigger on_upload after insert on storage.objects for each row execute function public.uploaded();
