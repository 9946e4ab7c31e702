-- name: all
select id, name, stream_url, home_page_url from stations order by sort_name, id

-- name: add
insert into stations (name, sort_name, stream_url, home_page_url)
values (:name, :sort_name, :stream_url, :home_page_url)
returning id

-- name: change
update stations
set name = :name, sort_name = :sort_name, stream_url = :stream_url, home_page_url = :home_page_url
where id = :station
returning true

-- name: delete
delete from stations where id = :station returning true
