create extension if not exists isn with schema extensions;
create table public.books (isbn extensions.isbn);
