-- object: alice: create a request
alter table public.help_requests add column consent_version text not null default '1';
alter table public.help_requests alter column consent_version drop default;
