-- object: public.delete_conversation(uuid)
set role postgres;
create procedure public.delete_conversation(id uuid) language plpgsql security definer set search_path = '' as $$
begin
    if auth.role() = 'authenticated' then
        delete from public.conversations c where c.id = delete_conversation.id;
    end if;
end $$;
grant execute on procedure public.delete_conversation(uuid) to authenticated;
