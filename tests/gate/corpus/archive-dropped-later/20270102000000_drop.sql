drop table private.old_labels;
