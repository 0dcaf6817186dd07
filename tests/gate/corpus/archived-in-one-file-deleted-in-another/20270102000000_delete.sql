delete from private.labels l where exists (select from private.old_labels o where o.id = l.id);
