-- object: public.mailing_list(text)
-- also: EXPO-04
-- All addresses in one text, for everybody, and the argument has a default.
set role postgres;
create function public.mailing_list(separator text default ', ') returns text
language sql stable security definer set search_path = ''
as 'select string_agg(email, separator) from auth.users';
grant execute on function public.mailing_list(text) to anon, authenticated;
