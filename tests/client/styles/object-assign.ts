// @expect: CONF-01 VIOLATED lib/supabase/client.ts:3 flowType
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const base = { auth: { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce' } }
const auth = Object.assign({}, base.auth, { flowType: 'implicit' })
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, Object.freeze({ auth }))
