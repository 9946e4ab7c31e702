-- What the browser holds is a random token; the table knows only its SHA-256.

-- part: valid
-- A session ends with its time, when it is not used, with its account, and with the password it was
-- opened with.
from sessions s
join users u on u.id = s.user_id
where s.expires > now()
    and s.seen > now() - make_interval(days => :idle_days)
    and u.enabled
    and s.data ->> 'password' = encode(sha256(convert_to(u.password_hash, 'UTF8')), 'hex')

-- name: get
select s.user_id, s.data::text, s.created, s.seen < now() - interval '1 hour' as stale
{valid} and s.token_hash = :token_hash

-- name: put
with over as (
    delete from sessions
    where expires <= now() or seen <= now() - make_interval(days => :idle_days)
)
insert into sessions (token_hash, user_id, data, expires, address, agent)
values (:token_hash, :user_id, :data::json, now() + make_interval(days => :days), :address, :agent)
on conflict (token_hash) do update set data = excluded.data

-- name: touch
update sessions set seen = now(), address = :address, agent = :agent where token_hash = :token_hash

-- name: of
select s.id, s.token_hash = :token_hash as own, s.created, s.seen, s.address, s.agent
{valid} and s.user_id = :user
order by own desc, s.seen desc, s.id

-- name: end
delete from sessions where user_id = :user and id = :session returning true

-- name: end_others
with ended as (
    delete from sessions where user_id = :user and token_hash <> :token_hash returning 1
)
select count(*)::integer from ended

-- name: delete
delete from sessions where token_hash = :token_hash
