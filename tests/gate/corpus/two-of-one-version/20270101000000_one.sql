comment on table private.labels is 'one';
