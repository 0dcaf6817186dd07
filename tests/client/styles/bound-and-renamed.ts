// @expect: CONF-01 VIOLATED lib/supabase/client.ts:3 flowType
// @file: lib/supabase/client.ts
import { createClient } from '@supabase/supabase-js'
const make = createClient.bind(null, 'u', 'k')
export const supabase = make({ auth: { flowType: 'implicit' } })
