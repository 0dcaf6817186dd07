-- Declared for the server alone, and no policy lets anybody in: the grants give nothing.
grant select, insert, update, delete on public.outbox to authenticated;
grant usage on all sequences in schema queue to service_role;
