-- part: columns
v.id, v.folder_id, v.title, v.sort_name, f.picture_id, v.suffix, v.content_type, v.size, v.duration,
v.bit_rate, v.width, v.height, v.created, v.average_rating, m.starred, m.rating,
m.bookmark, v.card

-- part: joined
join folders f on f.id = v.folder_id
left join marks m on m.user_id = :user and m.kind = 'video' and m.item_id = v.id

-- part: seen
v.missing_since is null and v.library_id = any(:libraries)

-- name: every
select {columns} from videos v {joined} where {seen} order by v.sort_name, v.id

-- name: by_id
select {columns} from videos v {joined} where v.id = :video and {seen}

-- name: by_folder
select {columns} from videos v {joined} where v.folder_id = :folder and {seen}
order by v.sort_name, v.id

-- name: in_roots
select {columns} from videos v {joined} where f.parent_id is null and {seen}
order by v.sort_name, v.id

-- name: bookmarked
select {columns}, m.bookmark_comment, m.bookmark_created, m.bookmark_changed from videos v {joined}
where m.bookmark is not null and {seen}
order by m.bookmark_changed desc, v.id desc

-- name: file
select v.id, l.path as root, v.path, v.size, v.mtime_ns, v.suffix, v.content_type, v.duration, v.bit_rate,
    json_build_object('title', v.title, 'album', '', 'artist', '', 'album_artist', '', 'path', '') as card,
    0::float8 as begin, 0::float8 as "end", null as loudness, v.width, v.height, v.card as video
from videos v join libraries l on l.id = v.library_id
where v.id = :video and {seen}
