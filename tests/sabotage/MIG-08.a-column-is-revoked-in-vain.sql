-- The grant on the whole table stays, so that the column stays readable.
-- on: gate
-- object: 29990101000000_a-column-is-revoked-in-vain.sql: revoke: public.messages: authenticated still has select, for the whole table
revoke select (content) on public.messages from authenticated;
