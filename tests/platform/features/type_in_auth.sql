-- expected: refused
create type auth.plan as enum ('free', 'paid');
