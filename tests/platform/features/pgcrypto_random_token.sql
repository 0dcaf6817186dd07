create table public.invitations (
    token text primary key default encode(extensions.gen_random_bytes(24), 'base64'),
    email text not null
);
insert into public.invitations (email) values ('a@example.org'), ('b@example.org');
