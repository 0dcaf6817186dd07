// @expect: CONF-01 VIOLATED lib/supabase/client.ts:3 persistSession
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const options = { auth: { flowType: 'pkce', persistSession: true } }
const harden = (o: typeof options) => { o.auth.persistSession = false; return o }
export const supabase = createClient('u', 'k', harden(options))
