// @expect: CONF-02 VIOLATED lib/supabase/admin.ts:2 autoRefreshToken
// @expect: CONF-02 VIOLATED lib/supabase/admin.ts:2 persistSession
// @file: lib/supabase/admin.ts
import { createClient } from '@supabase/supabase-js'
export const supabaseAdmin = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_ROLE_KEY!)
