-- name: enter
-- Counts a try before its outcome is known: for a device that is known by itself, else for the name
-- in its network, and for the network. Those that wait are not counted; `stamp` names this try.
with known as (
    select from known_devices where key = :device and seen > now() - make_interval(days => :days)
), counted_on as (
    select :device::bytea as key where exists (select from known)
    union all
    select unnest(array[:named::bytea, :network::bytea]) where not exists (select from known)
), waiting as (
    select max(t.until) as until from tries t join counted_on c using (key) where t.until > now()
), counted as (
    insert into tries as t (key, count, last)
    select c.key, 1, now() from counted_on c, waiting w where w.until is null order by c.key
    on conflict (key) do update set
        count = case when t.last > now() - make_interval(secs => :window) then t.count + 1 else 1 end,
        last = now(),
        until = case
            when t.last > now() - make_interval(secs => :window)
                and t.count + 1 >= case when t.key = :network then :many::integer else :few::integer end
            then now() + make_interval(secs => least(:longest, power(2,
                least(t.count + 1 - case when t.key = :network then :many::integer else :few::integer end, 30))))
        end
    where t.until is null or t.until <= now()
    returning 1
)
select
    case
        when w.until is not null then extract(epoch from w.until - now())::float8
        when (select count(*) from counted) < (select count(*) from counted_on) then 1.0
        else 0.0
    end as wait,
    exists (select from known) as known,
    now() as stamp
from waiting w

-- name: forgive
-- What was counted before a success. The network keeps its other tries, and a wait that is not this one's.
with forgiven as (
    delete from tries where key = case when :known then :device else :named::bytea end
), refunded as (
    update tries set
        count = greatest(count - 1, 0),
        until = case when last = :stamp then null else until end
    where key = :network and not :known
)
-- Somebody who comes back within the hour is not written again.
insert into known_devices as k (key, user_id) values (:device, :user)
on conflict (key) do update set seen = now(), user_id = excluded.user_id
    where k.seen < now() - interval '1 hour'
returning true

-- name: sweep
-- The newest stay: whoever has networks without number gets no more tries by filling the table.
delete from tries where last < now() - make_interval(secs => :window)
    or key in (select key from tries order by last desc offset :most)

-- name: sweep_devices
delete from known_devices where seen < now() - make_interval(days => :days)
    or key in (
        select key from (
            select key, row_number() over (partition by user_id order by seen desc) as place
            from known_devices
        ) as placed
        where place > :most
    )
