drop table if exists share_items;
drop table if exists shares;
