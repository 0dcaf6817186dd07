create policy secrets_support on queue.secrets for select to authenticated using ((select queue.is_support()));
