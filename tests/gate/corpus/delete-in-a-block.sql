-- expect: MIG-03 line 2 rows of private.labels
do $$
begin execute 'delete from ' || 'private.labels'; end
$$;
