-- object: select (client) on public.comments
grant select (client) on public.comments to anon, authenticated;
