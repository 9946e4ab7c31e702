-- What one user may have otherwise than the configuration says; null: as it says, 0: no limit.
-- depends: 0002_users

alter table users
    add column if not exists max_streams integer check (max_streams >= 0),
    add column if not exists max_rate integer check (max_rate >= 0),             -- kbit/s over all streams
    add column if not exists max_transcodes integer check (max_transcodes >= 0);
