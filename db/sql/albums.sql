-- part: columns
a.id, a.picture_id, a.year, a.song_count, a.duration, a.created, a.average_rating,
m.starred, m.rating, m.play_count, m.played, a.card as stored

-- part: mine
left join marks m on m.user_id = :user and m.kind = 'album' and m.item_id = a.id

-- part: seen
a.missing_since is null and a.library_id = any(:libraries)

-- part: cut
limit :size offset :offset

-- name: by_ids
select {columns} from albums a {mine} where a.id = any(:ids) and {seen}

-- name: of_track
select {columns} from tracks x join tracks t on t.id = coalesce(x.twin_of, x.id)
join albums a on a.id = t.album_id {mine}
where x.id = :item and t.missing_since is null and {seen}

-- name: of_folder
-- The album that most of its songs are of.
select {columns} from (
    select album_id from ({folders.below}) below
    group by album_id order by count(*) desc, album_id limit 1
) most join albums a on a.id = most.album_id {mine}
where {seen}

-- name: by_artist
-- As album artist; where there is none, the albums the artist is heard on.
with own as (
    select aa.album_id from album_artists aa join albums a on a.id = aa.album_id
    where aa.artist_id = :artist and {seen}
), found as (
    select album_id from own
    union
    select t.album_id from track_artists ta join tracks t on t.id = ta.track_id
    where ta.artist_id = :artist and t.missing_since is null and not exists (select from own)
)
select {columns} from found join albums a on a.id = found.album_id {mine}
where {seen}
order by a.year nulls last, a.sort_name, a.id

-- name: newest
select {columns} from (
    select a.id from albums a where {seen} order by a.created desc, a.id desc {cut}
) page join albums a using (id) {mine}
order by a.created desc, a.id desc

-- name: by_name
select {columns} from (
    select a.id from albums a where {seen} order by a.sort_name, a.id {cut}
) page join albums a using (id) {mine}
order by a.sort_name, a.id

-- name: by_artist_name
select {columns} from (
    select a.id from albums a where {seen} order by a.artist_sort, a.sort_name, a.id {cut}
) page join albums a using (id) {mine}
order by a.artist_sort, a.sort_name, a.id

-- name: by_year
select {columns} from (
    select a.id from albums a
    where {seen} and a.year between :from_year::integer and :to_year::integer
    order by a.year, a.sort_name, a.id {cut}
) page join albums a using (id) {mine}
order by a.year, a.sort_name, a.id

-- name: by_year_falling
select {columns} from (
    select a.id from albums a
    where {seen} and a.year between :to_year::integer and :from_year::integer
    order by a.year desc, a.sort_name desc, a.id desc {cut}
) page join albums a using (id) {mine}
order by a.year desc, a.sort_name desc, a.id desc

-- name: by_genre
select {columns} from (
    select a.id from albums a where a.genre_keys @> array[:genre::text] and {seen}
    order by a.sort_name, a.id {cut}
) page join albums a using (id) {mine}
order by a.sort_name, a.id

-- name: random
-- Uniform and without reading the table: ids are drawn, most of them exist.
select {columns} from albums a {mine}
where a.id = any(array(
    select 1 + floor(random() * (select max(id) from albums))::bigint
    from generate_series(1, :draws::integer)
)) and {seen}

-- name: random_from_all
select {columns} from (
    select a.id from albums a where {seen} order by random() limit :size
) pick join albums a using (id) {mine}
order by random()

-- name: starred
select {columns} from marks m join albums a on a.id = m.item_id
where m.user_id = :user and m.kind = 'album' and m.starred is not null and {seen}
order by m.starred desc, a.id desc {cut}

-- name: highest
select {columns} from marks m join albums a on a.id = m.item_id
where m.user_id = :user and m.kind = 'album' and m.rating is not null and {seen}
order by m.rating desc, a.sort_name, a.id {cut}

-- name: frequent
select {columns} from marks m join albums a on a.id = m.item_id
where m.user_id = :user and m.kind = 'album' and m.play_count > 0 and {seen}
order by m.play_count desc, a.id desc {cut}

-- name: recent
select {columns} from marks m join albums a on a.id = m.item_id
where m.user_id = :user and m.kind = 'album' and m.played is not null and {seen}
order by m.played desc, a.id desc {cut}

-- name: found
select {columns} from (
    select a.id, a.name_key, coalesce(m.play_count, 0) as plays, {search.fit} from albums a {mine}
    where a.words @@ :parts::tsquery and {seen}
    order by {search.best} {cut}
) page join albums a using (id) {mine}
order by page.fit, page.plays desc, page.name_key, page.id

-- name: everything
select {columns} from (select a.id from albums a where {seen} order by a.id {cut}) page
join albums a using (id) {mine}
order by a.id
