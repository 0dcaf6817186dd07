-- object: public.activity
-- The feed in the window is for everybody; the trigger puts the note about the customer into it.
create table public.activity (
    id bigint generated always as identity primary key,
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    what text not null
);
create index on public.activity (tenant_id);
alter table public.activity enable row level security;
create policy activity_read on public.activity for select to anon, authenticated using (what <> '');
grant select on public.activity to anon, authenticated;
create function private.note_activity() returns trigger
    language plpgsql security definer set search_path = '' as $$
begin
    insert into public.activity (tenant_id, what) values (new.tenant_id, coalesce(new.notes, 'a customer'));
    return null;
end
$$;
create trigger note_activity after insert or update on public.customers
    for each row execute function private.note_activity();
