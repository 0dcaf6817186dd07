-- on: runbook
delete from contact_exchanges where id = '[id]';
update help_requests set status = 'cancelled', cancelled_at = now() where id in ('[one]', '[other]');
create index concurrently if not exists idx_help_requests_category on help_requests (category);
