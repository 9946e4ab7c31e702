delete from marks where kind = 'video';
drop table if exists videos;
