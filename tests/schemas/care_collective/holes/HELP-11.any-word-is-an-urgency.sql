-- object: alice: make up the urgency
alter table public.help_requests drop constraint help_requests_urgency_check;
