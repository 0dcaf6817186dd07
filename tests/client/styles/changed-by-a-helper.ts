// @expect: CONF-01 UNCHECKED lib/supabase/client.ts:4
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const options = { auth: { flowType: 'pkce', persistSession: true } }
const harden = (o: typeof options) => { o.auth.persistSession = false }
harden(options)
export const supabase = createClient('u', 'k', options)
