drop table if exists now_playing;
drop table if exists plays;
drop table if exists marks;
drop table if exists sessions;
drop table if exists credentials;
drop table if exists user_libraries;
drop table if exists users;
