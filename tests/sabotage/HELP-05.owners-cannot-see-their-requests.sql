-- object: alice: edit her own request
-- also: HELP-10 CONTACT-10
alter policy "approved members read open requests and their own affairs" on public.help_requests
using ((select private.is_admin()));
