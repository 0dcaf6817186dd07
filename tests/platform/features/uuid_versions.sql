do $$
begin
    if extensions.uuid_generate_v5(extensions.uuid_ns_dns(), 'www.example.org') <> '74738ff5-5367-5958-9aee-98fffdcd1876'
        or extensions.uuid_generate_v3(extensions.uuid_ns_dns(), 'python.org') <> '6fa459ea-ee8a-3ca4-894e-db77e160355e'
        or substr(extensions.uuid_generate_v1()::text, 15, 1) <> '1'
    then
        raise exception 'the versions are not as RFC 4122 has them';
    end if;
end
$$;
