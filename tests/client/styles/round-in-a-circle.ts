// @expect: CONF-01 UNCHECKED
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
import { b } from './other'
export const a = { auth: b }
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, a)
// @file: lib/supabase/other.ts
import { a } from './client'
export const b = a.auth
