// @expect: CONF-01 VIOLATED lib/supabase/client.ts:4 flowType
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const defaults = { autoRefreshToken: true, persistSession: true, flowType: 'pkce' as const }
const auth = { ...defaults,
  flowType: 'implicit' as const }
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth })
