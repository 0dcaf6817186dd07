-- also: RLS-07
-- object: stranger: learn an address meant for after the match
-- object: bob: learn an address meant for after the match
grant select (location_override) on public.help_requests to authenticated;
