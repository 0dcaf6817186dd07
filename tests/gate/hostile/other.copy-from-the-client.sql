-- expected: refused
copy public.messages from stdin;
