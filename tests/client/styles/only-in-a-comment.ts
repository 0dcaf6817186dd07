// @expect: CONF-01 NOT_APPLICABLE
// @file: lib/supabase/client.ts
// import { createClient } from '@supabase/supabase-js'
// export const supabase = createClient('u', 'k')
export const text = "createClient('u', 'k')"
