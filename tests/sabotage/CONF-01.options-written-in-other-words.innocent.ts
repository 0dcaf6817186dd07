// file: lib/supabase/client.ts
import { createClient as make, type SupabaseClientOptions } from '@supabase/supabase-js'

enum Flow {
  Implicit = 'implicit',
  Pkce = 'pkce',
}

const isBrowser = typeof window !== 'undefined'

function options({ flow = Flow.Pkce }: { flow?: Flow } = {}): SupabaseClientOptions<'public'> {
  const auth = { detectSessionInUrl: isBrowser, persistSession: isBrowser, flowType: flow }
  if (!isBrowser) {
    return { auth: { ...auth, autoRefreshToken: false } }
  }
  return { auth }
}

export function createClient() {
  // flowType: 'implicit'
  return make(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, options())
}
