-- jsonb forgets the order of a space's params, in which samplers draw them and people read them.
alter table study alter column spec type json using spec::text::json;

-- So that who looks at a study can tell that a trial that goes on has logged something.
alter table trial_point add column at timestamptz not null default now();
