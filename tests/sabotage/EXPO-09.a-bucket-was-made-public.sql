-- object: id-papers
-- set: public_buckets = ["avatars"]
insert into storage.buckets (id, name, public) values ('id-papers', 'id-papers', true), ('avatars', 'avatars', true);
