set role postgres;
create table private.guest_passes (token text primary key, valid_until timestamptz not null);
create function public.pass_of(p_token text) returns timestamptz language sql stable security definer set search_path = ''
as 'select g.valid_until from private.guest_passes g where g.token = p_token';
create function public.use_pass(pass_token text) returns void language plpgsql security definer set search_path = ''
as $$ begin delete from private.guest_passes g where g.token = encode(extensions.digest(pass_token, 'sha256'), 'hex'); end $$;
grant execute on function public.pass_of(text), public.use_pass(text) to anon;
