insert into private.shelves (id, word) values (-1, 'here'), (-2, null);
insert into private.shelves (id, word) values (-2, 'there') on conflict (id) do update set word = excluded.word;
