create extension if not exists cube with schema extensions;
create extension if not exists earthdistance with schema extensions;
select extensions.earth();
