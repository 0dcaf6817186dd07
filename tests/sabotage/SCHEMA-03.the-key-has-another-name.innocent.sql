alter table public.profiles rename constraint profiles_id_fkey to "who is it";
