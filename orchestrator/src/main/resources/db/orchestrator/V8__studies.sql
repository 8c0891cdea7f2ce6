create table study (
  number     bigint generated always as identity primary key,
  name       text not null unique,
  spec       jsonb not null,
  -- how long a trial may be silent before it is handed out again
  lease_seconds bigint not null,
  -- RUNNING, STOPPED by somebody, or ENDED because no trial is left
  state      text not null,
  -- grows with each change of the study or a trial of it, so that who keeps it in memory can tell
  version    bigint not null default 0,
  -- the best trial's number and values, or the first of its front
  best       int,
  best_values jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  ended_at   timestamptz
);

create table trial (
  study      bigint not null references study (number) on delete cascade,
  number     int not null,
  state      text not null,
  origin     text not null,
  params     jsonb not null,
  -- one for each objective; null until told
  told       jsonb,
  rung       int not null,
  bracket    int not null,
  -- how many trials had left when it was asked for, and which one it was to leave: with these the
  -- sampler works out again what it knew
  asked      int not null,
  left_as    int not null,
  -- how often it was handed out
  attempt    int not null default 0,
  worker     text,
  -- what made the request that got it this one and no other
  ask_key    text,
  -- until when its worker need not be heard of; null while nobody runs it
  lease_until timestamptz,
  message    text,
  created_at timestamptz not null,
  started_at timestamptz,
  ended_at   timestamptz,
  primary key (study, number)
);
create unique index trial_ask_key on trial (study, ask_key) where ask_key is not null;
create index trial_lease on trial (study, lease_until) where lease_until is not null;

create table trial_report (
  study bigint not null,
  trial int not null,
  step  bigint not null,
  value double precision not null,
  at    timestamptz not null,
  primary key (study, trial, step),
  foreign key (study, trial) references trial (study, number) on delete cascade
);
