begin;
alter function public.is_agent() volatile;
grant execute on function public.merge_tickets(uuid, uuid) to authenticated;
commit;
