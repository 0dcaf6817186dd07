create view public.my_sessions with (security_invoker = false) as
    select id, created_at, refreshed_at, aal, factor_id, user_agent, ip, not_after from auth.sessions where user_id = auth.uid();
