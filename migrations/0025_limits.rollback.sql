alter table users
    drop column if exists max_streams, drop column if exists max_rate, drop column if exists max_transcodes;
