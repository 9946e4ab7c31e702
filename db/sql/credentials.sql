-- part: columns
id, user_id, kind, name, secret, sealed_by, scope, created, expires, last_used, client

-- part: lives
-- `c`: a credential whose time is not over.
(c.expires is null or c.expires > now())

-- name: by_user
select {columns} from credentials where user_id = :user order by kind, id

-- name: by_key
select {columns} from credentials where key_hash = :key_hash

-- name: count
select count(*)::integer from credentials where user_id = :user and kind = 'device'

-- name: set_account
insert into credentials (user_id, kind, name, secret, sealed_by)
values (:user, 'account', '', :secret, :sealed_by)

-- name: drop_account
delete from credentials where user_id = :user and kind = 'account'

-- name: drop_expired
-- For a month people see why an app no longer gets in.
delete from credentials where expires < now() - interval '30 days'

-- name: add
insert into credentials (user_id, kind, name, secret, sealed_by, key_hash, scope, expires)
values (:user, 'device', :name, :secret, :sealed_by, :key_hash, :scope, :expires)
on conflict (user_id, kind, name) do nothing
returning {columns}

-- name: revoke
delete from credentials where user_id = :user and id = :credential and kind = 'device'
returning name

-- name: used
update credentials set last_used = now(), client = :client
where id = :credential and (last_used is null or last_used < now() - interval '1 hour')

-- name: listening
-- No credential (0): whoever opened a share, in its owner's name.
select l.user_id as user, l.credential
from unnest(:users::integer[], :credentials::integer[]) l (user_id, credential)
join users u on u.id = l.user_id
left join credentials c on c.id = l.credential and c.user_id = u.id
where u.enabled and u.roles && '{stream,download,admin}'
  and (l.credential = 0 or (c.id is not null and {lives}))

-- name: notify
select pg_notify('dulcian_users', '')
