-- object: public.idx_help_requests_who
create index idx_help_requests_who on public.help_requests (user_id);
