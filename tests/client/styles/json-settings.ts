// @expect: CONF-01 VIOLATED lib/supabase/settings.json:1 flowType
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
import settings from './settings.json'
export const supabase = createClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, settings)
// @file: lib/supabase/settings.json
{ "auth": { "flowType": "implicit" } }
