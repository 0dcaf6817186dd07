-- object: update (role) on public.accounts
grant update (role) on public.accounts to authenticated;
