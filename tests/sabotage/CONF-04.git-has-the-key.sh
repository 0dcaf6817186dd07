# object: scripts/deploy.sh: a secret key of Supabase
# file: scripts/deploy.sh
curl -H 'apikey: sb_secret_Zq3vN8xT1bYkR6mLw2Pd9A_hJ5sC0eQ' https://example.supabase.co/rest/v1/profiles
