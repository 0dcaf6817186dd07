// object: next.config.mjs env
// file: next.config.mjs
/** @type {import('next').NextConfig} */
const config = {
  reactStrictMode: true,
  env: { ADMIN_KEY: process.env.SUPABASE_SERVICE_ROLE_KEY },
}

export default config
