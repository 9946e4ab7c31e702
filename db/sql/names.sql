-- part: page
where id > :after order by id limit 1000

-- part: folded
unnest(:id::bigint[], :name_key::text[], :words::text[]) as new (id, name_key, words)

-- name: tracks
select id, card from tracks {page}

-- name: albums
select id, card from albums {page}

-- name: artists
select id, name from artists {page}

-- name: folders
select id, name from folders {page}

-- name: fold_tracks
update tracks t set name_key = new.name_key, words = new.words::tsvector from {folded} where t.id = new.id

-- name: fold_albums
update albums a set name_key = new.name_key, words = new.words::tsvector from {folded} where a.id = new.id

-- name: fold_artists
update artists a set name_key = new.name_key, words = new.words::tsvector from {folded} where a.id = new.id

-- name: fold_folders
update folders f set name_key = new.name_key, words = new.words::tsvector from {folded} where f.id = new.id
