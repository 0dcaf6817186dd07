-- expect: MIG-05 line 2 EXPO-03 *
alter function private.parcels_of(uuid) reset search_path;
