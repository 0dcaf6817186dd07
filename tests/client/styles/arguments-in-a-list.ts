// @expect: CONF-01 HOLDS
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const args = ['u', 'k', { auth: { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce' } }] as const
export const supabase = createClient(...args)
