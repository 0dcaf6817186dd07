drop table public.replies, public.tickets, public.agents cascade;
