// @expect: CONF-01 UNCHECKED lib/supabase/client.ts
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth: { flowType: 'pkce' } })
export const broken = { ( [
