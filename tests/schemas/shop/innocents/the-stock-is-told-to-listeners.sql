-- Realtime asks the policies, and these are for the staff.
alter publication supabase_realtime add table public.stock_levels;
