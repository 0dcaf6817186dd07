// @expect: CONF-01 UNCHECKED lib/supabase/client.ts:3
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const key = location.hash.slice(1)
const auth = { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce', [key]: false }
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth })
