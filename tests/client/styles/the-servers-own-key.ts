// @expect: CONF-02 HOLDS
// @expect: CONF-04 HOLDS
// @file: lib/supabase/admin.ts
import { createClient } from '@supabase/supabase-js'
export const supabaseAdmin = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_ROLE_KEY!, {
  auth: { autoRefreshToken: false, persistSession: false },
})
