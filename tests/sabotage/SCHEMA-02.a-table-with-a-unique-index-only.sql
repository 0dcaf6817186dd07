-- object: private.ledger
create table private.ledger (entry integer not null, said text);
create unique index ledger_entry on private.ledger (entry);
