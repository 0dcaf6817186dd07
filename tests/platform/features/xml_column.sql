create table public.feeds (id int, body xml);
