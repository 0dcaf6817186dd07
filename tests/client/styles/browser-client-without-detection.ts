// @expect: CONF-01 VIOLATED lib/supabase/client.ts:3 detectSessionInUrl
// @file: lib/supabase/client.ts
import { createBrowserClient } from '@supabase/ssr'
export const createClient = () => createBrowserClient<Database>(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, {
  auth: { detectSessionInUrl: false } })
type Database = unknown
