alter table task
  -- what its study has decided about a trial: its state there, how many rungs it was let past, which
  -- one it was to leave, and the newest point that counts; null for what is no trial
  add column trial jsonb;

-- What trials have logged of the metric that their study looks at, as far as it counts.
create table trial_point (
  run_id uuid not null,
  task   text not null,
  step   bigint not null,
  value  double precision not null,
  primary key (run_id, task, step),
  foreign key (run_id, task) references task (run_id, name) on delete cascade
);

-- The tracked run of a study, and of each trial that was handed out. A study of an earlier version has none.
alter table study add column tracked_run_id text;
alter table trial add column tracked_run_id text;
create index trial_tracked_run on trial (tracked_run_id) where state = 'RUNNING';
