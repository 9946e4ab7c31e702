-- part: known
-- A line for each kind of thing that can be marked; of a song, all files of its recording.
select m.id from tracks t cross join lateral ({twins.kin}) m
where :kind::text = 'track' and t.id = :item and t.library_id = any(:libraries)
union all
select v.id from videos v
where :kind::text = 'video' and v.id = :item and v.library_id = any(:libraries)
union all
select e.id from episodes e where :kind::text = 'episode' and e.id = :item

-- name: put
insert into marks (user_id, kind, item_id, bookmark, bookmark_comment, bookmark_created, bookmark_changed)
select :user, :kind::text, id, :position, :comment, clock_timestamp(), clock_timestamp()
from ({known}) known
on conflict (user_id, kind, item_id) do update
set bookmark = excluded.bookmark, bookmark_comment = excluded.bookmark_comment,
    bookmark_created = coalesce(marks.bookmark_created, excluded.bookmark_created),
    bookmark_changed = excluded.bookmark_changed
returning true

-- name: drop
with known as ({known}), dropped as (
    update marks
    set bookmark = null, bookmark_comment = null, bookmark_created = null, bookmark_changed = null
    where user_id = :user and kind = :kind::text and item_id in (select id from known)
        and bookmark is not null
)
select exists (select from known)
