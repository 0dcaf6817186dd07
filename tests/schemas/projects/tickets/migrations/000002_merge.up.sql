begin;
create table public.satisfaction (
    ticket_id uuid primary key references public.tickets (id) on delete cascade,
    stars smallint not null check (stars between 1 and 5),
    remark text
);
alter table public.satisfaction enable row level security;
grant insert on public.satisfaction to authenticated;
create policy satisfaction_insert on public.satisfaction for insert to authenticated
    with check (ticket_id in (select t.id from public.tickets t where t.opened_by = (select auth.uid())));
grant update (stars, remark) on public.satisfaction to authenticated;
create policy satisfaction_update on public.satisfaction for update to authenticated
    using (ticket_id in (select t.id from public.tickets t where t.opened_by = (select auth.uid())));

create function public.merge_tickets(kept uuid, merged uuid) returns void
    language plpgsql security definer set search_path = '' as $$
begin
    update public.replies set ticket_id = kept where ticket_id = merged;
    delete from public.tickets where id = merged;
end;
$$;
commit;
