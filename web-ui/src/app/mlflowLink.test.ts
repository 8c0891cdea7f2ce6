import { describe, expect, it } from 'vitest';
import { mlflowLink } from './mlflowLink';

describe('links of MLflow clients', () => {
  it.each([
    ['#/experiments/1/runs/0123abcd', '/runs/0123abcd'],
    ['#/experiments/1/runs/0123abcd/artifacts?x=1', '/runs/0123abcd'],
    ['#/models/churn/versions/2', '/models/churn'],
    ['#/models/two%20words', '/models/two%20words'],
    ['#/experiments/1', null],
    ['#section', null],
    ['', null],
  ])('%s', (hash, expected) => {
    expect(mlflowLink(hash)).toBe(expected);
  });
});
