select vault.create_secret('one', 'k');
select vault.update_secret((select id from vault.secrets where name = 'k'), 'two');
