create extension index_advisor with schema extensions cascade;
