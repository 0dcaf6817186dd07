-- expected: refused
\! touch @marker@
\copy public.messages to '@marker@'
\i /etc/passwd
