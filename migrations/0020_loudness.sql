-- How loud songs are that do not say so themselves, and who measures which album.
-- depends: 0002_users 0017_cue

-- db.cards.Loudness: what was measured, what follows for the album, or why nothing can be measured.
alter table tracks add column if not exists loudness json;

-- What is still to be measured: empty when all is done.
create index if not exists tracks_unmeasured on tracks (album_id, id) include (library_id)
    where missing_since is null and card #>> '{replay_gain,track_gain}' is null
        and loudness ->> 'track_gain' is null and loudness ->> 'reason' is null;

-- An album is measured by one node at a time; what a node left behind is free when its lease is over.
create table if not exists loudness_claims (
    album_id      bigint primary key references albums on delete cascade,
    lease         timestamptz not null
);
