// @expect: CONF-02 VIOLATED server/db.js:2 persistSession
// @expect: CONF-02 VIOLATED server/db.js:2 autoRefreshToken
// @expect: CONF-01 NOT_APPLICABLE
// @file: server/db.js
const { createClient: make } = require('@supabase/supabase-js')
module.exports = make(process.env.URL, process.env.KEY, { auth: { flowType: 'pkce' } })
