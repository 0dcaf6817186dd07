// @expect: CONF-02 VIOLATED lib/actions.ts:4 persistSession
// @file: lib/actions.ts
import { createClient } from '@supabase/supabase-js'
export async function save() {
  'use server'
  const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth: { persistSession: true, autoRefreshToken: false, flowType: 'pkce' } })
  return supabase
}
