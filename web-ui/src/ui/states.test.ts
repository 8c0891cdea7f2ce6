import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TRIAL_STATE_ORDER } from '../studies/words';
import { lookOf, STATES, TASK_STATE_ORDER } from './states';

const API = '../sdk/contract/src/main/java/dev/pipewright/contract/api';

const TUNE = '../sdk/tune/src/main/java/dev/pipewright/tune';

/** The constants of an enum, read from its source. */
function constants(name: string, folder = API): string[] {
  const source = readFileSync(resolve(folder, `${name}.java`), 'utf8').replace(/\/\/.*/g, '');
  const body = source.slice(source.indexOf('{', source.indexOf(`enum ${name}`)) + 1);
  return body
    .slice(0, body.search(/[;}]/))
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

describe.each(['RunState', 'TaskState', 'AttemptState', 'RunStatus', 'FireState'])('%s', (name) => {
  it.each(constants(name))('%s has a word and a colour', (state) => {
    expect(STATES).toHaveProperty(state);
    expect(lookOf(state).word).toMatch(/^[A-Z][a-z]/);
  });
});

describe('TrialState', () => {
  it.each(constants('TrialState', TUNE))('%s has a word, a colour and a place in the bar', (state) => {
    expect(STATES).toHaveProperty(state);
    expect(TRIAL_STATE_ORDER).toContain(state);
  });
});

it('has a colour token for every tone', () => {
  const tokens = readFileSync(resolve('src/ui/tokens.css'), 'utf8');
  const rules = readFileSync(resolve('src/ui/ui.css'), 'utf8');
  for (const { tone } of Object.values(STATES)) {
    expect(tokens).toContain(`--state-${tone}:`);
    expect(rules).toContain(`--c: var(--state-${tone})`);
  }
});

it('draws every task state in a bar', () => {
  expect([...TASK_STATE_ORDER].sort()).toEqual(constants('TaskState').sort());
});

it('shows a state it does not know by its name', () => {
  expect(lookOf('HELD_BACK')).toEqual({ word: 'Held back', tone: 'waiting', active: false });
});
