// @expect: CONF-01 UNCHECKED lib/supabase/client.ts:4
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const options = { auth: { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce' } }
const auth = options.auth
auth.persistSession = false
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, options)
