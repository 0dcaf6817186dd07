-- object: bob: update public.contact_exchanges
-- also: RLS-07
alter policy exchanges_confirm on public.contact_exchanges
using ((select auth.uid()) in (requester_id, helper_id) and confirmed_at is null and (select public.is_current_user_approved()))
with check ((select auth.uid()) in (requester_id, helper_id) and (select public.is_current_user_approved()));
