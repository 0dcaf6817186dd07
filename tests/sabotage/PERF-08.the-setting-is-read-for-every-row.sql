-- object: "requesters confirm" on public.contact_exchanges
alter policy "requesters confirm" on public.contact_exchanges
using (requester_id::text = (current_setting('request.jwt.claims', true)::json ->> 'sub') and confirmed_at is null);
