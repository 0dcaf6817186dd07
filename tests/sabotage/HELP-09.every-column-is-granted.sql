-- also: RLS-07 RLS-23
-- object: stranger: learn an address meant for after the match
-- object: bob: learn an address meant for after the match
grant select on public.help_requests to authenticated;
