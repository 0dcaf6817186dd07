-- expect: MIG-03 line 2 values of private.labels.word
update private.labels l set word = o.word from private.labels o where o.id = 501 - l.id;
