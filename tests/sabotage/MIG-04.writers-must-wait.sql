-- on: gate
-- object: 29990101000000_writers-must-wait.sql: public.messages (an explicit lock)
lock table public.messages in share mode;
