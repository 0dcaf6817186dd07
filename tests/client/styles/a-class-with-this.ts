// @expect: CONF-01 HOLDS
// @file: src/browser/store.ts
import { SupabaseClient } from '@supabase/supabase-js'
export class Backend {
  private auth = { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce' }
  private client: SupabaseClient
  constructor() { this.client = new SupabaseClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, { auth: this.auth }) }
}
