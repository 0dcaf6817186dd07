drop index public.memberships_user_id_idx;
create index what_somebody_belongs_to on public.memberships (user_id, tenant_id);
