update private.labels set word = 'corrected' where id in (1, 2);
