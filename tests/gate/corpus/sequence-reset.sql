-- expect: MIG-03 line 2 sequence private.numbers
alter sequence private.numbers restart;
