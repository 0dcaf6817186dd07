// object: lib/supabase/admin.ts admin: persistSession
// object: lib/supabase/admin.ts admin: autoRefreshToken
// file: lib/supabase/admin.ts
import 'server-only'
import { createClient } from '@supabase/supabase-js'
import { browser } from './options'

export const admin = () =>
  createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.SUPABASE_SERVICE_ROLE_KEY!, { auth: { ...browser } })
