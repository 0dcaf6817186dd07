// @expect: CONF-01 UNCHECKED lib/db.ts:2
// @expect: CONF-02 UNCHECKED lib/db.ts:2
// @file: lib/db.ts
import { createClient } from '@supabase/supabase-js'
export const db = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth: { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce' } })
