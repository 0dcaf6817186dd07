// @expect: CONF-01 VIOLATED lib/supabase/options.ts:3 autoRefreshToken
// @file: lib/supabase/options.ts
export const auth = {
  persistSession: true, flowType: 'pkce',
  autoRefreshToken: false,
} as const
export default { auth }
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
import options from './options'
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, options)
