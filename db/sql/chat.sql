-- name: take_turn
-- Messages appear in the order of their times, so that who asks for newer ones misses none.
select pg_advisory_xact_lock(hashtext('dulcian chat'))

-- name: add
insert into messages (user_id, sent, message)
select :user, greatest(
    date_trunc('milliseconds', clock_timestamp()),
    (select max(sent) from messages) + interval '1 millisecond'
), :message

-- name: clean
delete from messages
where sent <= now() - make_interval(days => :days::integer)
   or sent <= (select sent from messages order by sent desc offset :most::bigint limit 1)

-- name: since
select u.name as user_name, m.sent, m.message
from messages m join users u on u.id = m.user_id
where m.sent > :since and m.sent > now() - make_interval(days => :days::integer)
order by m.sent desc, m.id desc
limit :most
