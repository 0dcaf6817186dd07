select realtime.send(jsonb_build_object('hello', 'world'), 'greeting', 'lobby', false);
