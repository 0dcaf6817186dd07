// @expect: CONF-01 HOLDS
// @file: package.json
{ "devDependencies": { "vite": "5" }, "dependencies": { "react": "18" } }
// @file: src/lib/supabase.ts
import { createClient } from '@supabase/supabase-js'
import type { SupabaseClient } from '@supabase/supabase-js'
let client: SupabaseClient | undefined
export function getSupabase() {
  if (client) return client
  client = createClient(import.meta.env.VITE_SUPABASE_URL, import.meta.env.VITE_SUPABASE_ANON_KEY, { auth: { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce' } })
  return client
}
