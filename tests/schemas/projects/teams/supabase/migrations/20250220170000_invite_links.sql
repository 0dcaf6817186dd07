-- Joining by a link, in a hurry before a demonstration.
create policy memberships_join on public.memberships for insert to authenticated
    with check (user_id = (select auth.uid()));
grant insert on public.memberships to authenticated;

create policy invitations_by_token on public.invitations for select to authenticated
    using (token is not null);

create view public.organisation_directory as
    select o.id, o.name, o.billing_email, count(m.user_id) as members
    from public.organisations o left join public.memberships m on m.organisation_id = o.id
    group by o.id;
grant select on public.organisation_directory to authenticated;
