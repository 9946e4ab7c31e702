-- part: columns
f.id, f.library_id, f.parent_id, f.name, f.letter, f.picture_id, f.created, f.average_rating,
m.starred, m.rating, m.play_count, m.played

-- part: mine
left join marks m on m.user_id = :user and m.kind = 'folder' and m.item_id = f.id

-- part: seen
f.missing_since is null and f.library_id = any(:libraries)

-- part: below
-- Songs in a folder or further down, as many as tell what it is about; a library itself is about nothing.
select case when t.missing_since is null then t.id else t.twin_of end as id,
    case when t.missing_since is null then t.album_id
        else (select r.album_id from tracks r where r.id = t.twin_of) end as album_id
from folders f
join tracks t on t.library_id = f.library_id
    and t.path >= f.path || '\x2f'::bytea and t.path < f.path || '\x30'::bytea
where f.id = :item and f.parent_id is not null and {tracks.open}
order by t.path limit 1000

-- name: by_id
select {columns} from folders f {mine} where f.id = :folder and {seen}

-- name: by_parent
select {columns} from folders f {mine} where f.parent_id = :parent and {seen}
order by f.sort_name, f.id

-- name: top
select {columns} from folders f join folders root on root.id = f.parent_id {mine}
where root.parent_id is null and {seen}
order by f.sort_name, f.id

-- name: starred
select {columns} from marks m join folders f on f.id = m.item_id
where m.user_id = :user and m.kind = 'folder' and m.starred is not null and {seen}
order by m.starred desc, f.id desc

-- name: found
-- Those at the top of a library, which stand where artists do.
select {columns} from (
    select f.id, f.name_key, coalesce(m.play_count, 0) as plays, {search.fit} from folders f {mine}
    where f.words @@ :parts::tsquery and {seen} and exists (
        select from folders root where root.id = f.parent_id and root.parent_id is null
    )
    order by {search.best} limit :size offset :offset
) page join folders f using (id) {mine}
order by page.fit, page.plays desc, page.name_key, page.id

-- name: everything
select {columns} from folders f join folders root on root.id = f.parent_id {mine}
where root.parent_id is null and {seen}
order by f.id limit :size offset :offset
