select setval('private.numbers', 100);
