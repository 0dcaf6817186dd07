create view public.members as select u.id, u.email, u.raw_user_meta_data ->> 'name' as name, u.last_sign_in_at from auth.users u;
revoke all on public.members from anon, authenticated;
