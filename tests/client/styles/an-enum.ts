// @expect: CONF-01 HOLDS
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
enum Flow { Pkce = 'pkce', Implicit = 'implicit' }
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth: { flowType: Flow.Pkce as any } })
