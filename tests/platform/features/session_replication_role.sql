set session_replication_role = replica;
set session_replication_role = default;
