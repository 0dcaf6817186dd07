-- object: alice: edit her own request
-- also: CONTACT-10 EXPO-05 HELP-10 RLS-08 HELP-11
alter policy "approved members read open requests and their own affairs" on public.help_requests
using ((select private.is_admin()));
