-- object: *: update public.subscribers.paid_until
grant update (paid_until) on public.subscribers to authenticated;
