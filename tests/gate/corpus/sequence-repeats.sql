-- expect: MIG-03 line 2 sequence private.numbers
alter sequence private.numbers maxvalue 32767 cycle;
alter sequence private.numbers no cycle cache 10;
create sequence private.rounds maxvalue 12 cycle;
