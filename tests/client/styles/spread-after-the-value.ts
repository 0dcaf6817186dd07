// @expect: CONF-01 VIOLATED lib/supabase/client.ts:2 persistSession
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const off = { persistSession: false }
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth: { persistSession: true, flowType: 'pkce', ...off } })
