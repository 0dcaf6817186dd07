-- object: public.get_my_profile()
alter function public.get_my_profile() reset search_path;
