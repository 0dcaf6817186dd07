-- object: *public.help_offers: not there
-- on: runbook
-- also: RUN-02
select id from public.help_offers;
