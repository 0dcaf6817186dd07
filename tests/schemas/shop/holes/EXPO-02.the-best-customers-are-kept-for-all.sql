-- object: public.best_customers
create materialized view public.best_customers as
    select c.tenant_id, c.email, count(o.id) as orders
    from public.customers c left join public.orders o on (o.tenant_id, o.customer_id) = (c.tenant_id, c.id)
    group by c.tenant_id, c.email;
grant select on public.best_customers to anon, authenticated;
