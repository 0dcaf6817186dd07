create type public.rank as enum ('reader', 'head_admin');
create table public.people (
    id uuid primary key references auth.users on delete cascade,
    called text, town text not null, rank public.rank not null
);
create function public.register_person() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.people (id, called, town, rank)
    values (new.id, 'somebody', new.raw_user_meta_data ->> 'town', 'reader');
    return new;
end $$;
revoke execute on function public.register_person() from public, anon, authenticated;
create trigger register_person after insert on auth.users for each row execute function public.register_person();
alter table public.people enable row level security;
revoke all on public.people from anon, authenticated;
grant select on public.people to authenticated;
create policy own on public.people for select to authenticated using (id = (select auth.uid()));
