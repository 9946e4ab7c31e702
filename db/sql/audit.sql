-- name: add
insert into audit (event, outcome, way, actor, subject, detail, address, user_id)
values (:event, :outcome, :way, :actor, :subject, :detail, :address, (select id from users where key = :key))

-- name: page
select id, at, event, outcome, way, actor, subject, detail, address
from audit
where id < :before::bigint or :before is null
order by id desc
limit :count

-- name: sweep
delete from audit
where at < now() - make_interval(days => :days)
    or id in (select id from audit where outcome = 'refused' order by id desc offset :most)

-- name: forget_addresses
-- Of somebody who is gone it stays what was done, not from where.
update audit set address = '', user_id = null where user_id = :user and address <> ''
