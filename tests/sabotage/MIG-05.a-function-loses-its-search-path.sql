-- on: gate
-- also: EXPO-03
-- object: 29990101000000_a-function-loses-its-search-path.sql: EXPO-03 public.get_contact_info_with_consent(*
set lock_timeout = '2s';
alter function public.get_contact_info_with_consent reset search_path;
