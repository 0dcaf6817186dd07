// object: variable RESEND_API_KEY
// object: variable SUPABASE_DB_PASSWORD
// file: lib/mail.ts
import 'server-only'

function needed(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error('a variable is missing')
  return value
}

export const sender = { key: process.env.RESEND_API_KEY!, password: needed('SUPABASE_DB_PASSWORD') }
