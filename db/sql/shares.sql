-- What an address holds is a random token; a copy of the table opens none of them.

-- part: columns
s.id, s.user_id, u.name as user_name, s.token, s.description, s.created, s.expires, s.visit_count, s.last_visited

-- part: songs
-- What an item `i` of somebody `u` stands for: a kind of item is one branch. `first` and `second`
-- order the songs of an item before disc and track do.
(
    select i.item_id as track_id, 0::bigint as first, 0::bigint as second where i.kind = 'track'
    union all
    select t.id, 0, 0 from tracks t where i.kind = 'album' and t.album_id = i.item_id
    union all
    select t.id, coalesce(t.year, 0), t.album_id
    from (
        select distinct track_id from track_artists
        where i.kind = 'artist' and artist_id = i.item_id and role in ('artist', 'albumartist')
    ) credited join tracks t on t.id = credited.track_id
    union all
    select t.id, f.place, 0
    from (
        with recursive inside as (
            select id, path from folders where i.kind = 'folder' and id = i.item_id
            union all
            select f.id, f.path from inside join folders f on f.parent_id = inside.id
        )
        select id, row_number() over (order by path, id) as place from inside
    ) f join tracks t on t.folder_id = f.id
) h
join tracks t on t.id = h.track_id
join libraries l on l.id = t.library_id

-- part: seen
-- Never more than the owner may see.
t.missing_since is null and l.active and t.library_id = any(:libraries)
and (u.all_libraries or exists (
    select from user_libraries ul where ul.user_id = u.id and ul.library_id = l.id))

-- part: held
from shares s
join users u on u.id = s.user_id
join share_items i on i.share_id = s.id
cross join lateral {songs}

-- name: of
select {columns} from shares s join users u on u.id = s.user_id
where s.user_id = :user or :all_users::boolean
order by s.id

-- name: opened
-- An address works as long as its owner may share and hear music.
select {columns} from shares s join users u on u.id = s.user_id
where s.token_hash = :token_hash and (s.expires is null or s.expires > now())
  and u.enabled and (u.roles @> '{share,stream}' or 'admin' = any(u.roles))

-- name: songs
select {tracks.columns}, p.share_id from (
    select s.id as share_id, t.id, row_number() over (
        partition by s.id order by i.position, h.first, h.second, t.disc, t.track, t.title_sort, t.id
    ) as place
    {held} where s.id = any(:shares) and {seen}
) p join tracks t using (id) {tracks.mine}
where p.place <= :most
order by p.share_id, p.place

-- name: holds
select exists (select {held} where s.id = :share and t.id = :track and {seen})

-- name: add
-- All or nothing: an item with nothing to hear leaves everything as it was.
with given as (
    select * from unnest(:kinds::text[], :items::bigint[]) with ordinality i (kind, item_id, position)
), made as (
    insert into shares (user_id, token, token_hash, description, expires)
    select u.id, :token, :token_hash, :description, :expires::timestamptz from users u
    where u.id = :user and not exists (
        select from given i where not exists (select from {songs} where {seen}))
    returning *
), filed as (
    insert into share_items (share_id, position, kind, item_id)
    select m.id, i.position, i.kind, i.item_id from made m, given i
)
select {columns} from made s join users u on u.id = s.user_id

-- name: change
-- null: as it is. An expiry that is past takes effect at once.
update shares set
    description = coalesce(:description::text, description),
    expires = case when :keep_expires::boolean then expires else :expires::timestamptz end
where id = :share and (user_id = :user or :all_users::boolean)
returning true

-- name: delete
delete from shares where id = :share and (user_id = :user or :all_users::boolean) returning true

-- name: visit
update shares set visit_count = visit_count + 1, last_visited = now() where id = :share
