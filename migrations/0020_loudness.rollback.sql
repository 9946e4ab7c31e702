drop table if exists loudness_claims;
drop index if exists tracks_unmeasured;
alter table tracks drop column if exists loudness;
