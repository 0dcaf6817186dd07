set role postgres;
create table private.sign_in_log (id bigint generated always as identity primary key, who uuid, email text);
create table private.donations (
    id bigint generated always as identity primary key, donor uuid, cents int not null, paid_at timestamptz not null
);
create table private.reviews (
    id bigint generated always as identity primary key,
    author uuid references public.profiles (id) on delete set null, body text not null
);
create index on private.reviews (author);
insert into private.sign_in_log (who, email) select u.id, u.email from auth.users u;
insert into private.donations (donor, cents, paid_at) select p.id, 500, now() from public.profiles p;
insert into private.reviews (author, body) select p.id, 'Helpful, number ' || row_number() over () from public.profiles p;
create table private.circulars (id bigint generated always as identity primary key, read_by uuid[] not null, body text not null);
insert into private.circulars (read_by, body) select array_agg(p.id), 'The office is closed on Friday' from public.profiles p;
