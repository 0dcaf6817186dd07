update private.labels set word = ' ' || upper(word) || ' ';
