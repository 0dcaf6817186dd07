// @expect: CONF-01 HOLDS
// @expect: CONF-02 VIOLATED lib/supabase/server.ts:2 persistSession
// @file: lib/supabase/make.ts
import { createClient, SupabaseClientOptions } from '@supabase/supabase-js'
export function make(auth: SupabaseClientOptions<'public'>['auth'] = {}) {
  return createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth: { flowType: 'pkce', ...auth } })
}
// @file: lib/supabase/client.ts
import { make } from './make'
export const supabase = make()
// @file: lib/supabase/server.ts
import { make } from './make'
export const server = () => make({ autoRefreshToken: false, persistSession: true })
