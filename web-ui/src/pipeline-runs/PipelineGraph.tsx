import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from '@xyflow/react';
import { useEffect, useMemo, useRef, useState } from 'react';
import '@xyflow/react/dist/base.css';
import type { LatestMetric, Task, TaskCounts } from '../api/types';
import { graphKey, layoutsOf, layoutToFit, NODE_HEIGHT, NODE_WIDTH } from '../graph/layout';
import { lookOf } from '../ui/states';
import { type TaskFlowNode, TaskNode } from './TaskNode';

interface Props {
  tasks: Task[];
  instances: ReadonlyMap<string, TaskCounts>;
  metrics: ReadonlyMap<string, LatestMetric[]>;
  selected: string | undefined;
  onSelect: (name: string | undefined) => void;
}

const NODE_TYPES = { task: TaskNode };
const NO_METRICS: LatestMetric[] = [];

/** The run's DAG. States change often, the layout only when the tasks or the space do. */
export function PipelineGraph(props: Props) {
  const box = useRef<HTMLElement>(null);
  const [space, setSpace] = useState<{ width: number; height: number }>();

  useEffect(() => {
    const target = box.current;
    if (!target) return;
    const observer = new ResizeObserver(() =>
      setSpace({ width: target.clientWidth, height: target.clientHeight }),
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, []);

  return (
    <section className="graph" ref={box} aria-label="Tasks as a graph">
      {space && space.width > 0 && (
        <ReactFlowProvider>
          <Flow {...props} space={space} />
        </ReactFlowProvider>
      )}
    </section>
  );
}

function Flow({
  tasks,
  instances,
  metrics,
  selected,
  onSelect,
  space,
}: Props & { space: { width: number; height: number } }) {
  const flow = useReactFlow();
  // So small that text cannot be read: the boxes then only show their state's colour, and their name large.
  const far = useStore((state) => state.transform[2] < 0.42);
  const structure = graphKey(tasks);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `structure` stands for all of the tasks that counts here
  const layouts = useMemo(() => layoutsOf(tasks), [structure]);
  const layout = layoutToFit(layouts, space);

  const nodes = useMemo(
    () =>
      tasks.map((task): TaskFlowNode => {
        return {
          id: task.name,
          type: 'task',
          position: layout.nodes.get(task.name) ?? { x: 0, y: 0 },
          width: NODE_WIDTH,
          height: NODE_HEIGHT,
          data: {
            task,
            metrics: metrics.get(task.name) ?? NO_METRICS,
            instances: instances.get(task.name),
            selected: task.name === selected,
            direction: layout.direction,
            onSelect,
          },
        };
      }),
    [tasks, instances, metrics, selected, layout, onSelect],
  );

  const edges = useMemo(() => {
    const active = new Map(tasks.map((task) => [task.name, lookOf(task.state)]));
    return layout.edges.map((edge): Edge => {
      const look = active.get(edge.target);
      return {
        ...edge,
        type: 'default',
        focusable: false,
        animated: look?.active ?? false,
        className: look && look.tone !== 'waiting' ? 'taken' : undefined,
      };
    });
  }, [tasks, layout]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new layout or space is looked at as a whole
  useEffect(() => {
    void flow.fitView({ padding: 0.08, maxZoom: 1.1, minZoom: 0.05 });
  }, [layout, flow, space.width, space.height]);

  return (
    <ReactFlow
      className={far ? 'far' : undefined}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      fitView
      fitViewOptions={{ padding: 0.08, maxZoom: 1.1 }}
      minZoom={0.05}
      maxZoom={1.6}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      onlyRenderVisibleElements={tasks.length > 60}
      zoomOnDoubleClick={false}
      panOnScroll={false}
      preventScrolling={false}
      onPaneClick={() => onSelect(undefined)}
      proOptions={{ hideAttribution: false }}
    >
      <Background variant={BackgroundVariant.Dots} gap={22} size={1.2} />
      <Controls showInteractive={false} position="bottom-left" />
    </ReactFlow>
  );
}
