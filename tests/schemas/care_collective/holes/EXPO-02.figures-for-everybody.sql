-- object: public.community_stats
grant select on public.community_stats to anon;
