// @expect: CONF-01 VIOLATED lib/supabase/client.ts:4 flowType
// @expect: CONF-02 VIOLATED lib/supabase/server.ts:5 persistSession
// @expect: CONF-02 VIOLATED lib/supabase/server.ts:5 autoRefreshToken
// @file: lib/supabase/client.ts
import { SupabaseClient } from '@supabase/supabase-js'
export class Backend extends SupabaseClient {
  constructor() {
    super('u', 'k', { auth: { flowType: 'implicit' } })
  }
}
// @file: lib/supabase/server.ts
import 'server-only'
import { SupabaseClient } from '@supabase/supabase-js'
class Plain extends SupabaseClient {}
const auth = { flowType: 'pkce' as const }
export const server = new Plain('u', 'k', { auth })
