-- expect: MIG-07 line 3 alone-among-others: *
comment on table private.labels is 'x';
create index concurrently labels_word on private.labels (word);
