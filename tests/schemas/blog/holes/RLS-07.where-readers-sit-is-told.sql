-- object: *: select column client of public.comments
grant select (client) on public.comments to anon, authenticated;
