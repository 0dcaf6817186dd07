select * from auth.refresh_tokens, auth.audit_log_entries, auth.one_time_tokens, auth.flow_state limit 0;
select * from auth.sso_providers, auth.sso_domains, auth.saml_providers, auth.saml_relay_states limit 0;
select * from auth.mfa_challenges, auth.mfa_amr_claims, auth.schema_migrations, auth.instances limit 0;
select * from auth.oauth_clients, auth.oauth_authorizations, auth.oauth_consents limit 0;
