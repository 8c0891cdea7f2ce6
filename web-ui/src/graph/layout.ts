import { Graph, layout as runDagre } from '@dagrejs/dagre';

/** What a layout needs to know of a task. */
export interface GraphTask {
  name: string;
  needs: readonly string[];
}

export type Direction = 'LR' | 'TB';

export interface GraphLayout {
  direction: Direction;
  width: number;
  height: number;
  /** The upper left corner of each task's box. */
  nodes: Map<string, { x: number; y: number }>;
  edges: { id: string; source: string; target: string }[];
}

export const NODE_WIDTH = 216;
export const NODE_HEIGHT = 92;

/** Places the tasks in layers, so that every edge points one way. Needs that are no task are ignored. */
export function layoutGraph(tasks: readonly GraphTask[], direction: Direction): GraphLayout {
  const graph = new Graph();
  graph.setGraph({
    // As good as dagre's own choice on these graphs, and several times as fast on large ones.
    ranker: 'tight-tree',
    rankdir: direction,
    nodesep: direction === 'LR' ? 24 : 32,
    ranksep: direction === 'LR' ? 64 : 48,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  const names = new Set(tasks.map((task) => task.name));
  const edges: GraphLayout['edges'] = [];
  for (const task of tasks) graph.setNode(task.name, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const task of tasks) {
    for (const need of new Set(task.needs)) {
      if (!names.has(need)) continue;
      graph.setEdge(need, task.name);
      edges.push({ id: `${need}→${task.name}`, source: need, target: task.name });
    }
  }
  runDagre(graph);
  const nodes = new Map<string, { x: number; y: number }>();
  let width = 0;
  let height = 0;
  for (const name of names) {
    const { x = 0, y = 0 } = graph.node(name) as { x?: number; y?: number };
    nodes.set(name, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 });
    width = Math.max(width, x + NODE_WIDTH / 2);
    height = Math.max(height, y + NODE_HEIGHT / 2);
  }
  return { direction, width, height, nodes, edges };
}

/** How much a drawing is scaled to fit a space; never enlarged. */
export function fitZoom(
  drawing: { width: number; height: number },
  space: { width: number; height: number },
): number {
  if (drawing.width === 0 || drawing.height === 0) return 1;
  return Math.min(1, space.width / drawing.width, space.height / drawing.height);
}

/** Both drawings of one graph, each made when it is first wanted: a change of the space only chooses. */
export interface Layouts {
  across: () => GraphLayout;
  down: () => GraphLayout;
}

export function layoutsOf(tasks: readonly GraphTask[]): Layouts {
  let across: GraphLayout | undefined;
  let down: GraphLayout | undefined;
  return {
    across: () => {
      across ??= layoutGraph(tasks, 'LR');
      return across;
    },
    down: () => {
      down ??= layoutGraph(tasks, 'TB');
      return down;
    },
  };
}

/** Left to right where that stays readable, else whichever direction can be shown larger. */
export function layoutToFit(
  { across, down }: Layouts,
  space: { width: number; height: number },
  readable = 0.6,
): GraphLayout {
  if (fitZoom(across(), space) >= readable) return across();
  return fitZoom(down(), space) > fitZoom(across(), space) ? down() : across();
}

/** The same for two lists of tasks that draw the same graph: states may change, the layout stays. */
export function graphKey(tasks: readonly GraphTask[]): string {
  return JSON.stringify(tasks.map((task) => [task.name, task.needs]));
}
