create extension if not exists earthdistance with schema extensions cascade;
