merge into private.labels l using (select generate_series(400, 600) as id) n on n.id = l.id
when not matched then insert values (n.id, 1, 'new') when matched then do nothing;
