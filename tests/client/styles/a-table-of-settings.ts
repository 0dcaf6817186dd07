// @expect: CONF-01 VIOLATED lib/supabase/client.ts:2 flowType
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const table = { web: { auth: { flowType: 'implicit' as const } }, app: { auth: { flowType: 'pkce' as const } } }
const { web: { auth } } = table
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth })
