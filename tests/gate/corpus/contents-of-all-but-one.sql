-- expect: MIG-03 line 2 values of private.labels.word
update private.labels set word = md5(word) where id > 1;
