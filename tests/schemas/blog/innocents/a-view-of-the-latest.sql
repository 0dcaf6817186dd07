create view public.latest with (security_invoker, security_barrier) as
    select p.id, p.title, a.handle from public.posts p join public.authors a on a.id = p.author_id
    where p.status = 'published' order by p.published_at desc limit 5;
grant select on public.latest to anon, authenticated;
