// @expect: CONF-01 VIOLATED src/supabase.browser.ts:3 persistSession
// @file: src/supabase.browser.ts
import { createClient } from '@supabase/supabase-js'
export class Supabase {
  private static readonly options = { auth: { flowType: 'pkce' as const, persistSession: false } }
  readonly client = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, Supabase.options)
}
