// object: lib/supabase/client.ts createClient: persistSession
// object: lib/supabase/client.ts createClient: autoRefreshToken
// also: CONF-02
// file: lib/supabase/options.ts
// Somebody took the server's options for both sides, and gave those of the server more than it may have.
const both = { flowType: 'pkce', autoRefreshToken: false, persistSession: false } as const

export const browser = { ...both, detectSessionInUrl: true }
export const server = { ...both, autoRefreshToken: true }
