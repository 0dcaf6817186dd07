create or replace view public.shelf with (security_invoker = true) as
    select w.id, w.title, w.isbn, count(c.id) filter (where c.state = 'in') as available
    from public.works w left join public.copies c on c.work_id = w.id
    group by w.id;
grant select on public.shelf to anon, authenticated;
