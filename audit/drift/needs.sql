-- What rests on what. A view rests on what its rule does.
select case when w.oid is not null then 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid else d.classid end as class,
       coalesce(w.ev_class, d.objid) as object, case when w.oid is not null then 0 else d.objsubid end as sub,
       d.refclassid, d.refobjid, d.refobjsubid
from pg_catalog.pg_depend d
left join pg_catalog.pg_rewrite w on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and w.oid = d.objid
     and w.rulename = '_RETURN'
where d.objid >= 16384 and d.refobjid >= 16384 and d.deptype in ('n', 'a')
