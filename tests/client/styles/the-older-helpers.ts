// @expect: CONF-01 HOLDS
// @expect: CONF-02 NOT_APPLICABLE
// @file: lib/supabase/client.ts
import { createClientComponentClient } from '@supabase/auth-helpers-nextjs'
export const supabase = createClientComponentClient()
