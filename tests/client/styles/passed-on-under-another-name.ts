// @expect: CONF-01 VIOLATED components/store.ts:3 persistSession
// @file: lib/vendor.ts
export { createClient as connect } from '@supabase/supabase-js'
// @file: components/store.ts
'use client'
import { connect } from '../lib/vendor'
export const db = connect('u', 'k', { auth: { persistSession: false, flowType: 'pkce' } })
