create table line (
  id   bigint generated always as identity primary key,
  text text not null
);

create sequence outbox_number;
create table outbox (
  number     bigint primary key,
  topic      text not null,
  key        text not null,
  payload    bytea not null,
  created_at timestamptz not null default now()
);

create table consumer_offset (
  topic       text not null,
  partition   int not null,
  next_offset bigint not null,
  primary key (topic, partition)
);

create table dead_letter (
  id            bigint generated always as identity primary key,
  topic         text not null,
  partition     int not null,
  record_offset bigint not null,
  key           text,
  payload       bytea,
  reason        text not null,
  created_at    timestamptz not null default now()
);
