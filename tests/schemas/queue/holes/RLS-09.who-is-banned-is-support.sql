-- object: *: update public.accounts.role
grant update (role) on public.accounts to authenticated;
