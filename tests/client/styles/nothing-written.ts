// @expect: CONF-01 VIOLATED lib/supabase/client.ts:2 flowType
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!)
