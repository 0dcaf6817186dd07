-- Functions, procedures, window functions and aggregates. The arguments by type tell them apart.
select array[n.nspname::pg_catalog.text, p.proname::pg_catalog.text,
             '(' || pg_catalog.array_to_string(array(
                 select pg_catalog.format_type(t.id, null)
                 from pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) with ordinality as t (id, place) order by t.place), ', ')
             || ')'] as name,
       'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid as class, p.oid as object, 0 as sub,
       array['schema', n.nspname::pg_catalog.text] as of,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'kind', case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
           'owner', pg_catalog.pg_get_userbyid(p.proowner),
           'arguments', pg_catalog.pg_get_function_arguments(p.oid),
           'result', pg_catalog.pg_get_function_result(p.oid),
           'language', l.lanname,
           'body', case when p.prokind <> 'a' and p.prosqlbody is null then p.prosrc end,
           'sql body', pg_catalog.pg_get_function_sqlbody(p.oid),
           'library', p.probin,
           'volatility', p.provolatile, 'strict', p.proisstrict, 'security definer', p.prosecdef,
           'leakproof', p.proleakproof, 'parallel', p.proparallel, 'cost', p.procost, 'rows', p.prorows,
           'window', p.prokind = 'w',
           'settings', (select pg_catalog.jsonb_agg(s order by s) from pg_catalog.unnest(p.proconfig) as s),
           'support', case when p.prosupport <> 0 then p.prosupport::pg_catalog.regproc::pg_catalog.text end,
           'aggregate', (select pg_catalog.concat_ws(', ',
                             'sfunc = ' || a.aggtransfn::pg_catalog.regproc,
                             'stype = ' || pg_catalog.format_type(a.aggtranstype, null),
                             'finalfunc = ' || nullif(a.aggfinalfn, 0)::pg_catalog.regproc,
                             'combinefunc = ' || nullif(a.aggcombinefn, 0)::pg_catalog.regproc,
                             'initcond = ' || pg_catalog.quote_literal(a.agginitval),
                             'parallel = ' || case p.proparallel when 's' then 'safe' when 'r' then 'restricted'
                                              else 'unsafe' end)
                         from pg_catalog.pg_aggregate a where a.aggfnoid = p.oid),
           'definition', case when p.prokind <> 'a' then pg_catalog.pg_get_functiondef(p.oid) end
       )) as facts
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
where n.oid = any (%(schemas)s)
-- Nor the constructors of a range type.
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                and d.objid = p.oid and d.deptype in ('e', 'i'))
