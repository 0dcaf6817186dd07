// @expect: CONF-01 VIOLATED lib/settings.js:2 detectSessionInUrl
// @file: lib/settings.js
exports.flow = 'pkce'
exports.detect = false
// @file: lib/supabase/client.js
import * as library from '@supabase/supabase-js'
import * as settings from '../settings'
export const supabase = library.createClient('u', 'k', {
  auth: { flowType: settings.flow, detectSessionInUrl: settings.detect },
})
