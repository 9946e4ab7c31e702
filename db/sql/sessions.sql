-- What the browser holds is a random token; the table knows only its SHA-256.

-- name: get
-- A session ends with its time, with its account, and with the password it was opened with.
select s.user_id, s.data::text, s.created
from sessions s
join users u on u.id = s.user_id
where s.token_hash = :token_hash
    and s.expires > now()
    and u.enabled
    and s.data ->> 'password' = encode(sha256(convert_to(u.password_hash, 'UTF8')), 'hex')

-- name: put
with over as (delete from sessions where expires <= now())
insert into sessions (token_hash, user_id, data, expires)
values (:token_hash, :user_id, :data::json, now() + make_interval(days => :days))
on conflict (token_hash) do update set data = excluded.data

-- name: delete
delete from sessions where token_hash = :token_hash
