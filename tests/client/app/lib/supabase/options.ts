import type { SupabaseClientOptions } from '@supabase/supabase-js'

type Auth = NonNullable<SupabaseClientOptions<'public'>['auth']>

const both = { flowType: 'pkce' } satisfies Auth

export const browser = {
  ...both,
  autoRefreshToken: true,
  persistSession: true,
  detectSessionInUrl: true,
} as const satisfies Auth

export const server = { ...both, autoRefreshToken: false, persistSession: false } as const satisfies Auth
