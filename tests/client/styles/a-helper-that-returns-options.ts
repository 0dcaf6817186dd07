// @expect: CONF-01 HOLDS
// @expect: CONF-02 VIOLATED lib/supabase/options.ts:3 autoRefreshToken
// @file: lib/supabase/options.ts
export function optionsFor(where: 'browser' | 'server') {
  if (where === 'server') {
    return { auth: { autoRefreshToken: true, persistSession: false, flowType: 'pkce' as const } }
  }
  const auth = { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce' }
  return { auth }
}
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
import { optionsFor } from './options'
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, optionsFor('browser'))
// @file: lib/supabase/server.ts
import { createClient } from '@supabase/supabase-js'
import { optionsFor } from './options'
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, optionsFor('server'))
