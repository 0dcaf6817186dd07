-- object: *delete public.contact_exchanges: more rows than said
-- on: runbook
delete from contact_exchanges where confirmed_at is null;
