-- expect: MIG-03 line 2 values of private.labels.word
update private.labels set word = 'unknown' where id > 20;
