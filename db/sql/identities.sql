-- part: columns
issuer, subject, user_id, created, last_used

-- name: all
select {columns} from identities order by user_id, issuer

-- name: of
select {columns} from identities where user_id = :user order by issuer

-- name: use
update identities set last_used = now()
where issuer = :issuer and subject = :subject
returning user_id

-- name: link
insert into identities (issuer, subject, user_id) values (:issuer, :subject, :user)

-- name: unlink
delete from identities where user_id = :user and issuer = :issuer returning true

-- name: spend
-- The states of sign-ins that came back: each counts once, on all nodes. Old ones go on the way.
with over as (delete from spent_states where expires <= now())
insert into spent_states (hash, expires) values (:state, now() + make_interval(secs => :seconds::integer))
on conflict (hash) do nothing
returning true
