-- object: update (paid_until) on public.subscribers
grant update (paid_until) on public.subscribers to authenticated;
