import { describe, expect, it } from 'vitest';
import { creditPlan, widePlan } from '../pipeline-runs/pipelineRun.fake';
import {
  fitZoom,
  type GraphTask,
  graphKey,
  layoutGraph,
  layoutsOf,
  layoutToFit,
  NODE_HEIGHT,
  NODE_WIDTH,
} from './layout';

const CHAIN: GraphTask[] = [
  { name: 'a', needs: [] },
  { name: 'b', needs: ['a'] },
  { name: 'c', needs: ['b', 'a'] },
];

describe('every edge points one way and no boxes overlap', () => {
  it.each<[string, readonly GraphTask[]]>([
    ['one task', [{ name: 'only', needs: [] }]],
    ['a chain', CHAIN],
    ['the example pipeline', creditPlan('x').tasks],
    ['200 tasks', widePlan('w', 200).tasks],
    ['tasks without edges', Array.from({ length: 30 }, (_, i) => ({ name: `t${i}`, needs: [] }))],
  ])('%s', (_, tasks) => {
    for (const direction of ['LR', 'TB'] as const) {
      const { nodes, edges, width, height } = layoutGraph(tasks, direction);
      expect(nodes.size).toBe(tasks.length);
      for (const { source, target } of edges) {
        const from = nodes.get(source);
        const to = nodes.get(target);
        if (direction === 'LR') expect((to?.x ?? 0) - (from?.x ?? 0)).toBeGreaterThan(NODE_WIDTH);
        else expect((to?.y ?? 0) - (from?.y ?? 0)).toBeGreaterThan(NODE_HEIGHT);
      }
      const boxes = [...nodes.values()];
      for (const [i, a] of boxes.entries()) {
        expect(a.x).toBeGreaterThanOrEqual(0);
        expect(a.x + NODE_WIDTH).toBeLessThanOrEqual(width);
        expect(a.y + NODE_HEIGHT).toBeLessThanOrEqual(height);
        const hit = boxes
          .slice(i + 1)
          .some((b) => Math.abs(a.x - b.x) < NODE_WIDTH && Math.abs(a.y - b.y) < NODE_HEIGHT);
        expect(hit).toBe(false);
      }
    }
  });
});

it('has one edge for each need, and none to a task that is not there', () => {
  const { edges } = layoutGraph([...CHAIN, { name: 'd', needs: ['c', 'c', 'gone'] }], 'LR');
  expect(edges.map((edge) => edge.id)).toEqual(['a→b', 'b→c', 'a→c', 'c→d']);
});

it('lays an empty run out as nothing', () => {
  expect(layoutGraph([], 'LR')).toMatchObject({ width: 0, height: 0, edges: [] });
});

it.each<[string, { width: number; height: number }, 'LR' | 'TB']>([
  ['in a wide space', { width: 1400, height: 600 }, 'LR'],
  ['in a tall, narrow space', { width: 360, height: 800 }, 'TB'],
  ['where left to right is still readable', { width: 700, height: 900 }, 'LR'],
])('a chain goes the right way %s', (_, space, direction) => {
  expect(layoutToFit(layoutsOf(CHAIN), space).direction).toBe(direction);
});

it('never enlarges to fit', () => {
  expect(fitZoom({ width: 100, height: 50 }, { width: 1000, height: 1000 })).toBe(1);
  expect(fitZoom({ width: 2000, height: 50 }, { width: 1000, height: 1000 })).toBe(0.5);
});

it('is the same drawing when only states change', () => {
  expect(graphKey(creditPlan('a').tasks)).toBe(graphKey(creditPlan('b', { fails: 'train' }).tasks));
  expect(graphKey(CHAIN)).not.toBe(graphKey(CHAIN.slice(1)));
});
