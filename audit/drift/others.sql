-- Whatever else a project may have made, by what the server calls it.
with made (class, object, owner, definition, switch) as (
    select 'pg_catalog.pg_collation'::pg_catalog.regclass, c.oid, c.collowner, null::pg_catalog.text, null::pg_catalog.text
    from pg_catalog.pg_collation c where c.collnamespace = any (%(schemas)s)
    union all
    select 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, o.oprowner, null, null
    from pg_catalog.pg_operator o where o.oprnamespace = any (%(schemas)s)
    union all
    select 'pg_catalog.pg_opclass'::pg_catalog.regclass, o.oid, o.opcowner, null, null
    from pg_catalog.pg_opclass o where o.opcnamespace = any (%(schemas)s)
    union all
    select 'pg_catalog.pg_ts_config'::pg_catalog.regclass, t.oid, t.cfgowner, null, null
    from pg_catalog.pg_ts_config t where t.cfgnamespace = any (%(schemas)s)
    union all
    select 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, t.oid, t.dictowner, null, null
    from pg_catalog.pg_ts_dict t where t.dictnamespace = any (%(schemas)s)
    union all
    select 'pg_catalog.pg_conversion'::pg_catalog.regclass, c.oid, c.conowner, null, null
    from pg_catalog.pg_conversion c where c.connamespace = any (%(schemas)s)
    union all
    select 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, s.stxowner,
           pg_catalog.pg_get_statisticsobjdef(s.oid), null
    from pg_catalog.pg_statistic_ext s where s.stxnamespace = any (%(schemas)s)
    union all
    select 'pg_catalog.pg_cast'::pg_catalog.regclass, c.oid, null, null, null
    from pg_catalog.pg_cast c where c.oid >= 16384
    union all
    select 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, f.oid, f.fdwowner, null, null
    from pg_catalog.pg_foreign_data_wrapper f
    union all
    select 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, f.oid, f.srvowner, null, null
    from pg_catalog.pg_foreign_server f
    union all
    -- The platform's own call functions of the platform.
    select 'pg_catalog.pg_event_trigger'::pg_catalog.regclass, e.oid, e.evtowner,
           pg_catalog.format('create event trigger %%I on %%s%%s execute function %%s', e.evtname, e.evtevent,
               (select ' when tag in (' || pg_catalog.string_agg(pg_catalog.quote_literal(t), ', ') || ')'
                from pg_catalog.unnest(e.evttags) as t), e.evtfoid::pg_catalog.regprocedure),
           case e.evtenabled when 'O' then 'enable' when 'D' then 'disable' when 'R' then 'enable replica'
                             else 'enable always' end
    from pg_catalog.pg_event_trigger e join pg_catalog.pg_proc p on p.oid = e.evtfoid
    where p.pronamespace = any (%(schemas)s)
)
select array[i.type, i.identity] as name, m.class::pg_catalog.oid as class, m.object, 0 as sub,
       case when i.schema is not null then array['schema', i.schema] end as of,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(m.owner), 'definition', m.definition, 'fires', m.switch)) as facts
from made m, pg_catalog.pg_identify_object(m.class, m.object, 0) as i
where not exists (select from pg_catalog.pg_depend d where d.classid = m.class and d.objid = m.object and d.deptype in ('e', 'i'))
