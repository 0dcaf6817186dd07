// @expect: CONF-01 VIOLATED src/lib/supabase.ts:2 flowType
// @expect: CONF-02 NOT_APPLICABLE
// @file: package.json
{ "devDependencies": { "vite": "5" }, "dependencies": { "vue": "3" } }
// @file: src/lib/supabase.ts
import { createClient } from '@supabase/supabase-js'
export const supabase = createClient(import.meta.env.VITE_SUPABASE_URL, import.meta.env.VITE_SUPABASE_ANON_KEY)
