-- unchecked: MIG-03
delete from private.labels where word = 'no such word';
