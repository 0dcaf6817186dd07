insert into public.venues (name, address) values
    ('Main hall', '1 Harbour Road'),
    ('Boat house', '7 Quay'),
    ('Meadow', 'Mill Lane');
