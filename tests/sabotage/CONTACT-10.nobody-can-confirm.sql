-- also: RLS-08
-- object: alice: update public.contact_exchanges
revoke update (confirmed_at) on public.contact_exchanges from authenticated;
