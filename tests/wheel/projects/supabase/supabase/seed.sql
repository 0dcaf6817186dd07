insert into public.categories (slug, label) values ('garden', 'Garden'), ('kitchen', 'Kitchen'), ('bicycle', 'Bicycle');
