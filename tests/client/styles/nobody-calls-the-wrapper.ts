// @expect: CONF-01 UNCHECKED lib/supabase/client.ts:2
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
export const make = (options: any) => createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, options)
