// @expect: CONF-01 HOLDS
// @file: lib/supabase/client.ts
import { createClient, type SupabaseClientOptions } from '@supabase/supabase-js'
const flowType = 'pkce' as const
const persistSession = true
const options = {
  auth: { autoRefreshToken: true, persistSession, detectSessionInUrl: !false, flowType },
} satisfies SupabaseClientOptions<'public'>
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, options as any)
