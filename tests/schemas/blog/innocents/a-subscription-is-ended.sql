create function public.unsubscribe() returns void
    language sql security definer set search_path = '' as $$
    update public.subscribers set unsubscribed_at = greatest(now(), since + interval '1 second')
    where "ID" = auth.uid()
$$;
grant execute on function public.unsubscribe() to authenticated;
