-- Rules, but those that make a view.
select array[n.nspname::pg_catalog.text, c.relname::pg_catalog.text, w.rulename::pg_catalog.text] as name,
       'pg_catalog.pg_rewrite'::pg_catalog.regclass::pg_catalog.oid as class, w.oid as object, 0 as sub,
       array['relation', n.nspname::pg_catalog.text, c.relname::pg_catalog.text] as of,
       pg_catalog.jsonb_build_object(
           'definition', pg_catalog.rtrim(pg_catalog.pg_get_ruledef(w.oid), ';'),
           'fires', case w.ev_enabled when 'O' then 'enable' when 'D' then 'disable' when 'R' then 'enable replica'
                                      else 'enable always' end) as facts
from pg_catalog.pg_rewrite w
join pg_catalog.pg_class c on c.oid = w.ev_class
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.oid = any (%(schemas)s) and w.rulename <> '_RETURN'
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                and d.objid = c.oid and d.deptype = 'e')
