-- What an address holds is a random token; a copy of the table opens none of them.

-- part: columns
s.id, s.user_id, u.name as user_name, s.token, s.sealed_by, s.description, s.created, s.expires, s.visit_count, s.last_visited

-- part: facts
coalesce(t.twin_of, t.id) as id, t.library_id, case when t.twin_of is null then t.missing_since end
    as missing_since, t.disc, t.track, t.title_sort

-- part: songs
-- What an item `i` of somebody `u` stands for: a kind of item is one branch. `first` and `second`
-- order the songs of an item before disc and track do. Files that stand behind one that is in it, too,
-- add nothing, others are that one.
(
    select {facts}, 0::bigint as first, 0::bigint as second
    from tracks t where i.kind = 'track' and t.id = i.item_id
    union all
    select {facts}, 0, 0 from tracks t where i.kind = 'album' and t.album_id = i.item_id
      and (t.twin_of is null or t.album_id <> (select r.album_id from tracks r where r.id = t.twin_of))
    union all
    select {facts}, coalesce(t.year, 0), t.album_id
    from (
        select distinct track_id from track_artists
        where i.kind = 'artist' and artist_id = i.item_id and role in ('artist', 'albumartist')
    ) credited join tracks t on t.id = credited.track_id and t.twin_of is null
    union all
    select {facts}, e.place, 0
    from playlists p cross join unnest(p.songs) with ordinality as e (id, place)
    join tracks t on t.id = e.id
    where i.kind = 'playlist' and p.id = i.item_id
      and (p.user_id = u.id or p.public or 'admin' = any(u.roles))
    union all
    -- Paths between `a/` and `a0` lie below `a`. A library as a whole is not given away.
    select {facts}, f.place, 0
    from (
        select f.id, row_number() over (order by f.path) as place, top.path
        from folders top join folders f on f.library_id = top.library_id
            and f.path >= top.path and f.path < top.path || '0'
        where i.kind = 'folder' and top.id = i.item_id and top.parent_id is not null
          and (f.id = top.id or f.path > top.path || '/')
    ) f join tracks t on t.folder_id = f.id and (t.twin_of is null or not exists (
        select from tracks r where r.id = t.twin_of
          and r.path >= f.path || '/'::bytea and r.path < f.path || '0'::bytea
    ))
) t
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
-- The cards are read by id, however many songs a share might hold.
with listed as materialized (
    select * from (
        select s.id as share_id, t.id, row_number() over (
            partition by s.id order by i.position, t.first, t.second, t.disc, t.track, t.title_sort, t.id
        ) as place
        {held} where s.id = any(:shares) and {seen}
    ) n where place <= :most
)
select {tracks.columns}, n.share_id from listed n join tracks t using (id) {tracks.mine}
where t.id = any(array(select id from listed))
order by n.share_id, n.place

-- name: holds
select exists (select {held} where s.id = :share and {seen}
    and t.id = coalesce((select x.twin_of from tracks x where x.id = :track), :track))

-- name: add
-- All or nothing: an item with nothing to hear leaves everything as it was.
with given as (
    select * from unnest(:kinds::text[], :items::bigint[]) with ordinality i (kind, item_id, position)
), made as (
    insert into shares (user_id, token, sealed_by, token_hash, description, expires)
    select u.id, :token, :sealed_by, :token_hash, :description, :expires::timestamptz from users u
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
