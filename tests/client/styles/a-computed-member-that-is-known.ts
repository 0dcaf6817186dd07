// @expect: CONF-01 VIOLATED lib/supabase/client.ts:3 persistSession
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const key = 'persistSession'
const auth = { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce', [key]: false }
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth })
