// @expect: CONF-01 HOLDS
// @file: tsconfig.json
{ "compilerOptions": { // aliases
  "baseUrl": ".", "paths": { "@/*": ["./src/*"], } } }
// @file: src/config/index.ts
export * from './auth'
export { url as supabaseUrl } from './env'
// @file: src/config/env.ts
export const url = 'https://example.supabase.co'
// @file: src/config/auth.ts
export const authOptions = { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: `pkce` }
// @file: src/lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
import { authOptions, supabaseUrl } from '@/config'
export const supabase = createClient(supabaseUrl, 'anon', { auth: authOptions })
