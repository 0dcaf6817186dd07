// @expect: CONF-01 UNCHECKED lib/supabase/client.ts
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const quiet = location.search
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth: { flowType: 'pkce', ...(quiet && { persistSession: false }) } })
