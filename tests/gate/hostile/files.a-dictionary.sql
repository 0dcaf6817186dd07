-- expected: refused
create text search dictionary public.words (template = ispell, dictfile = '../../../../../etc/passwd', afffile = 'x');
