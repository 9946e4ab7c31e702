-- Marks of several things that become those of one.

-- part: marked
user_id, kind, item_id, starred, rating, play_count, played, bookmark, bookmark_comment,
    bookmark_created, bookmark_changed

-- part: gathered
-- Where a user marked several: the earlier star, the best rating, all plays, the last bookmark.
min(starred), max(rating), sum(play_count - borrowed)::integer, max(played),
    (array_agg(bookmark order by bookmark_changed desc nulls last))[1],
    (array_agg(bookmark_comment order by bookmark_changed desc nulls last))[1],
    (array_agg(bookmark_created order by bookmark_changed desc nulls last))[1],
    max(bookmark_changed)

-- part: kept
-- Where the one that takes it was marked, too: the earlier star, its own rating, all plays.
starred = least(marks.starred, excluded.starred),
    rating = coalesce(marks.rating, excluded.rating),
    play_count = marks.play_count + excluded.play_count,
    played = greatest(marks.played, excluded.played),
    bookmark = coalesce(marks.bookmark, excluded.bookmark),
    bookmark_comment = case when marks.bookmark is null then excluded.bookmark_comment else marks.bookmark_comment end,
    bookmark_created = case when marks.bookmark is null then excluded.bookmark_created else marks.bookmark_created end,
    bookmark_changed = case when marks.bookmark is null then excluded.bookmark_changed else marks.bookmark_changed end

-- name: part
-- What leaders have of their twins' plays is theirs no more.
update marks set play_count = play_count - borrowed, borrowed = 0
where kind = :kind and item_id = any(:ids::bigint[]) and borrowed > 0

-- name: join
-- Leaders have what their twins have, and these keep it.
insert into marks ({marked}, borrowed)
select m.user_id, m.kind, pair.old, {gathered}, sum(m.play_count - m.borrowed)::integer
from unnest(:old::bigint[], :new::bigint[]) as pair (old, new) join marks m on m.kind = :kind::text and m.item_id = pair.new
group by m.user_id, m.kind, pair.old
on conflict (user_id, kind, item_id) do update set {kept}, borrowed = excluded.borrowed
