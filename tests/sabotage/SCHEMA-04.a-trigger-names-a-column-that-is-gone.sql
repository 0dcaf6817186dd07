-- object: private.note_phone()
set role postgres;
create function private.note_phone() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    if new.phone_number is not null then
        new.location := 'known';
    end if;
    return new;
end $$;
create trigger note_phone before update of phone on public.profiles
for each row when (old.phone is distinct from new.phone) execute function private.note_phone();
