-- How often the worker of a trial was lost. `attempt` grows with each handing-out, that of a paused trial too.
alter table trial add column lost int not null default 0;
