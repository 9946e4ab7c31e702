-- part: channel
c.id, c.url, c.title, c.description, c.image_url, c.picture_hash is not null as pictured,
c.status, c.message

-- part: episode
e.id, e.channel_id, c.title as channel, c.picture_hash is not null as pictured, e.title,
e.description, e.published, e.created, e.status, e.suffix, e.content_type, e.size, e.duration,
e.bit_rate, e.video, e.path, m.bookmark

-- part: mine
left join marks m on m.user_id = :user::integer and m.kind = 'episode' and m.item_id = e.id

-- part: told
told as (select pg_notify('dulcian_podcasts', '') from done)

-- name: channels
select {channel} from channels c
where :channel::bigint is null or c.id = :channel::bigint
order by lower(c.title), c.id

-- name: episodes
select {episode} from episodes e join channels c on c.id = e.channel_id {mine}
where :channel::bigint is null or e.channel_id = :channel::bigint
order by e.channel_id, e.published desc, e.id desc

-- name: newest
select {episode} from episodes e join channels c on c.id = e.channel_id {mine}
order by e.published desc, e.id desc limit :size

-- name: episode
select {episode} from episodes e join channels c on c.id = e.channel_id {mine}
where e.id = :episode

-- name: bookmarked
select {episode}, m.bookmark_comment, m.bookmark_created, m.bookmark_changed
from marks m join episodes e on e.id = m.item_id join channels c on c.id = e.channel_id
where m.user_id = :user and m.kind = 'episode' and m.bookmark is not null
order by m.bookmark_changed desc, e.id desc

-- name: picture_of_channel
select c.id, c.picture_hash as hash, c.picture as data from channels c
where c.id = :item and c.picture is not null

-- name: picture_of_episode
select c.id, c.picture_hash as hash, c.picture as data
from episodes e join channels c on c.id = e.channel_id
where e.id = :item and c.picture is not null

-- name: add
-- Twice the same address is one channel; it is asked for again, but not too often.
with done as (
    insert into channels (url)
    select :url where (select count(*) from channels) < :most or exists (select from channels where url = :url)
    on conflict (url) do update set due = case
        when channels.tried < now() - make_interval(secs => :pause) then now() else channels.due
    end
    returning id
), {told}
select count(*) > 0 from told

-- name: refresh
with done as (
    update channels set due = now()
    where due > now() and (tried is null or tried < now() - make_interval(secs => :pause))
    returning id
), {told}
select count(*)::integer from told

-- name: delete_channel
with marked as (
    delete from marks where kind = 'episode'
        and item_id in (select id from episodes where channel_id = :channel)
), done as (delete from channels where id = :channel returning id), {told}
select count(*) > 0 from told

-- name: delete_episode
with done as (
    update episodes set status = 'deleted', path = null, asked = false, message = ''
    where id = :episode returning id
), {told}
select count(*) > 0 from told

-- name: download
with done as (
    update episodes set asked = true, message = '',
        status = case when status = 'completed' then status else 'downloading' end,
        due = case when status = 'downloading' then due else now() end,
        failures = case when status = 'downloading' then failures else 0 end
    where id = :episode returning id
), {told}
select count(*) > 0 from told

-- name: claim_channel
with free as (
    select id from channels
    where due <= now() and (lease is null or lease < now())
    order by due, id limit 1
    for update skip locked
)
update channels c set status = 'downloading', tried = now(), turn = turn + 1,
    lease = now() + make_interval(secs => :lease)
from free where c.id = free.id
returning c.id, c.url, c.image_url, c.picture is not null as pictured, c.etag, c.modified, c.turn, c.failures

-- name: save_channel
update channels set title = :title, description = :description, image_url = :image_url,
    picture = coalesce(:picture, picture), picture_hash = coalesce(:picture_hash, picture_hash),
    etag = :etag, modified = :modified, status = 'completed', message = '', failures = 0,
    lease = null, due = now() + make_interval(secs => :interval)
where id = :channel and turn = :turn
returning true

-- name: save_episodes
-- What the feed says of a file no longer matters once the file is here.
insert into episodes (channel_id, guid, title, description, published, url, content_type, suffix, size, duration, video)
select :channel, g.guid, g.title, g.description,
    coalesce(g.published, e.published, now() - g.position * interval '1 second'),
    g.url, g.content_type, g.suffix, g.size, g.duration, g.video
from unnest(:guids::text[], :titles::text[], :descriptions::text[], :dates::timestamptz[], :urls::text[],
    :types::text[], :suffixes::text[], :sizes::bigint[], :durations::float8[], :videos::boolean[])
    with ordinality as g (guid, title, description, published, url, content_type, suffix, size, duration, video, position)
left join episodes e on e.channel_id = :channel and e.guid = g.guid
on conflict (channel_id, guid) do update
set title = excluded.title, description = excluded.description, published = excluded.published, url = excluded.url
where (episodes.title, episodes.description, episodes.published, episodes.url)
    is distinct from (excluded.title, excluded.description, excluded.published, excluded.url)

-- name: trim
delete from episodes where id in (
    select id from episodes where channel_id = :channel and status not in ('downloading', 'completed')
    order by published desc, id desc offset :most
)

-- name: pick
-- The newest are downloaded by themselves, each once: what was deleted stays so.
with done as (
    update episodes set status = 'downloading', due = now(), failures = 0
    where status = 'new' and id in (
        select id from episodes where channel_id = :channel
        order by published desc, id desc limit :newest
    )
    returning id
), {told}
select count(*)::integer from told

-- name: unchanged
update channels set status = 'completed', message = '', failures = 0, lease = null,
    due = now() + make_interval(secs => :interval)
where id = :channel and turn = :turn

-- name: fail_channel
update channels set status = 'error', message = :message, failures = failures + 1, lease = null,
    due = now() + make_interval(secs => :pause)
where id = :channel and turn = :turn

-- name: release_channel
update channels set lease = null, due = now() where id = :channel and turn = :turn

-- name: claim_episode
with free as (
    select id from episodes
    where status = 'downloading' and due <= now() and (lease is null or lease < now())
    order by asked desc, due, id limit 1
    for update skip locked
)
update episodes e set turn = turn + 1, lease = now() + make_interval(secs => :lease)
from free where e.id = free.id
returning e.id, e.channel_id, e.url, e.suffix, e.video, e.turn, e.failures

-- name: renew
update episodes set lease = now() + make_interval(secs => :lease)
where id = :episode and turn = :turn and status = 'downloading'
returning true

-- name: complete
update episodes set status = 'completed', message = '', path = :path, suffix = :suffix,
    content_type = :content_type, size = :size, duration = :duration, bit_rate = :bit_rate,
    failures = 0, lease = null
where id = :episode and turn = :turn and status = 'downloading'
returning channel_id

-- name: retire
with done as (
    update episodes set status = 'deleted', path = null
    where channel_id = :channel and status = 'completed' and not asked and id not in (
        select id from episodes where channel_id = :channel and status = 'completed' and not asked
        order by published desc, id desc limit :keep
    )
    returning id
), {told}
select count(*)::integer from told

-- name: fail_episode
update episodes set status = case when :again then status else 'error' end, message = :message,
    failures = failures + 1, lease = null, due = now() + make_interval(secs => :pause)
where id = :episode and turn = :turn and status = 'downloading'

-- name: release_episode
update episodes set lease = null where id = :episode and turn = :turn

-- name: kept
select id, channel_id, turn, path from episodes where status in ('downloading', 'completed')
