-- expect: MIG-03 line 2 rows of private.labels
merge into private.labels l using (select generate_series(1, 300) as id) n on n.id = l.id
when matched and l.id < 100 then delete
when matched then update set word = l.word;
