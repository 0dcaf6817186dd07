"""What an application's own files say: how it makes its clients of Supabase, and which keys stand in them."""
