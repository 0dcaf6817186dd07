-- object: public.my_credits()
create function public.my_credits() returns integer language sql stable security definer as $$
    select credits from accounts where user_id = auth.uid()
$$;
grant execute on function public.my_credits() to authenticated;
