-- object: public.my_exchanges
set role postgres;
create view public.my_exchanges as
select e.* from public.contact_exchanges e where auth.uid() in (e.helper_id, e.requester_id);
grant select on public.my_exchanges to authenticated;
