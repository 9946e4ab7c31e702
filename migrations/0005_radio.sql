-- Internet radio: stations that an administrator names and everybody hears.
-- depends: 0002_users

create table if not exists stations (
    id            bigint generated always as identity primary key,
    name          text not null,
    sort_name     text collate "C" not null,
    stream_url    text not null,
    home_page_url text not null default '',
    created       timestamptz not null default now()
);
create index if not exists stations_sort on stations (sort_name, id);
