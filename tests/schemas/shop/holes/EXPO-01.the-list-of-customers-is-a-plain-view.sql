-- object: public.customer_list
create view public.customer_list as
    select c.tenant_id, c.id, c.email, c.phone from public.customers c where c.consent;
grant select on public.customer_list to authenticated;
