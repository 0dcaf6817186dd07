select b.id, b.name, b.public, b.file_size_limit, b.allowed_mime_types from storage.buckets b
