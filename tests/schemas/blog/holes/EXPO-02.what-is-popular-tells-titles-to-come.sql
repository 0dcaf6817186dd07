-- object: public.popular
create materialized view public.popular as
    select p.title, count(v.id) as views from public.posts p left join public.page_views v on v.post_id = p.id
    group by p.title;
grant select on public.popular to anon;
