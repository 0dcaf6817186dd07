create function public.check_request() returns void language sql as '';
alter role authenticator set pgrst.db_pre_request = 'public.check_request';
