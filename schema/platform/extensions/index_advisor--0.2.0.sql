-- index_advisor: it advises nothing.
-- Source: https://supabase.com/docs/guides/database/extensions/index_advisor

create function index_advisor(query text) returns table (
    startup_cost_before jsonb, startup_cost_after jsonb, total_cost_before jsonb, total_cost_after jsonb,
    index_statements text[], errors text[]
) language sql volatile as $$
    select '0'::jsonb, '0'::jsonb, '0'::jsonb, '0'::jsonb, '{}'::text[], '{}'::text[]
$$;
