-- Countries are for everybody, through a policy that is always true: but it has a grant for nobody.
create table private.countries (code char(2) primary key, name text not null);
insert into private.countries values ('DE', 'Germany'), ('FR', 'France');
alter table private.countries enable row level security;
create policy countries_read on private.countries for select to authenticated using (true);
