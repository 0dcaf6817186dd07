alter table private.notes drop column note;
