create table public.notes (
    id serial primary key, user_id uuid not null, content text not null
);
create index on public.notes (user_id);
alter table public.notes enable row level security;
grant select, insert, update, delete on public.notes to authenticated;
create function private.must_be_approved() returns boolean language plpgsql stable set search_path = '' as $$
begin
    if not private.is_approved() then
        raise exception 'not approved' using errcode = 'insufficient_privilege';
    end if;
    return true;
end $$;
grant execute on function private.must_be_approved() to authenticated;
create policy "own notes" on public.notes for all to authenticated
using (user_id = (select auth.uid()) and (select private.must_be_approved()));
create function private.fail() returns trigger language plpgsql set search_path = '' as $$
begin
    perform 1 / 0;
    return new;
end $$;
create trigger fail before update or delete on public.notes for each row execute function private.fail();
