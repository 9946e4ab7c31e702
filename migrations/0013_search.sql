-- Names and words as a search wants them. The next scan folds the names that are there already.
-- depends: 0001_library

alter table tracks add column if not exists name_key text collate "C" not null default '';
alter table albums add column if not exists name_key text collate "C" not null default '';
alter table artists add column if not exists name_key text collate "C" not null default '';
alter table folders add column if not exists name_key text collate "C" not null default '';
create index if not exists tracks_name on tracks (name_key, id) where missing_since is null;

-- Words that may be looked into: a part of one finds what it is a word of. Some may be nobody's by now.
create table if not exists words (word text collate "C" primary key);
