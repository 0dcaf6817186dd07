create extension pgmq;
select pgmq.create_unlogged('bulk');
select pgmq.send_batch('bulk', array['{"a": 1}', '{"a": 2}']::jsonb[]);
select pgmq.set_vt('bulk', 1, 60);
select pgmq.pop('bulk');
select queue_length from pgmq.metrics('bulk');
select pgmq.drop_queue('bulk');
