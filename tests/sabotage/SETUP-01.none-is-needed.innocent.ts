// file: lib/telemetry.ts
import 'server-only'

const { REGION = 'eu-central-1', NODE_ENV } = process.env
const sampled = process.env.SAMPLE_RATE ?? '0.1'
const key = process.env.SUPABASE_SECRET_KEY ?? process.env.SUPABASE_SERVICE_ROLE_KEY

if (process.env.SENTRY_DSN) {
  start(process.env.SENTRY_DSN)
}

export const telemetry = {
  region: REGION,
  sampled: Number(sampled),
  loud: process.env.VERBOSE === 'yes' || NODE_ENV === 'development',
  hosts: process.env.HOSTS?.split(',') ?? [],
  preview: process.env.VERCEL_ENV === 'preview',
  key,
}

function start(dsn: string) {
  console.info(dsn.length)
}
