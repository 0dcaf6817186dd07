-- expect: MIG-02 line 1 version 20270101000000
comment on table private.labels is 'two';
