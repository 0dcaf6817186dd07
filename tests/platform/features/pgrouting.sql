create extension pgrouting with schema extensions cascade;
