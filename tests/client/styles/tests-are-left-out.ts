// @expect: CONF-01 NOT_APPLICABLE
// @expect: CONF-02 NOT_APPLICABLE
// @file: lib/supabase/client.test.ts
import { createClient } from '@supabase/supabase-js'
export const supabase = createClient('u', 'k')
// @file: e2e/helpers.ts
import { createClient } from '@supabase/supabase-js'
export const supabase = createClient('u', 'k')
