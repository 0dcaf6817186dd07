alter extension pgcrypto set schema public;
select public.gen_random_bytes(4);
select public.hmac('a', 'b', 'sha256');
alter extension pgcrypto set schema extensions;
