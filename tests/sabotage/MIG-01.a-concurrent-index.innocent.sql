-- on: migration
create index concurrently idx_profiles_created_at on public.profiles (created_at);
analyze public.profiles;
