import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import { memo } from 'react';
import type { LatestMetric, Task, TaskCounts } from '../api/types';
import type { Direction } from '../graph/layout';
import { formatNumber } from '../ui/format';
import { lookOf } from '../ui/states';
import { Duration } from '../ui/Time';
import { shownState } from './live';
import { TaskBar } from './TaskBar';

export type TaskNodeData = {
  task: Task;
  metrics: LatestMetric[];
  /** Of a task that runs several times: how many instances are in which state. */
  instances?: TaskCounts;
  selected: boolean;
  direction: Direction;
  onSelect: (name: string) => void;
};

export type TaskFlowNode = Node<TaskNodeData, 'task'>;

/** One task on the graph; drawn anew only when something of it changed, for there may be hundreds. */
export const TaskNode = memo(function TaskNode({ data }: NodeProps<TaskFlowNode>) {
  const { task, metrics, instances, selected, direction, onSelect } = data;
  const look = lookOf(shownState(task));
  const across = direction === 'LR';
  return (
    <>
      <Handle type="target" position={across ? Position.Left : Position.Top} isConnectable={false} />
      <button
        type="button"
        className="task-node nodrag nopan"
        data-tone={look.tone}
        data-active={look.active}
        aria-pressed={selected}
        aria-label={`Task ${task.name}: ${look.word}`}
        onClick={() => onSelect(task.name)}
      >
        <span className="row">
          <span className="task-name truncate">{task.name}</span>
          {task.attempts.length > 1 && <span className="attempts num">attempt {task.attempts.length}</span>}
        </span>
        <span className="kind truncate">{task.kind}</span>
        <span className="row foot">
          <span className="state" data-tone={look.tone} data-active={look.active}>
            {look.word}
          </span>
          <Duration from={task.startedAt} to={task.endedAt} live={look.active} />
        </span>
        <span className="metrics num truncate">
          {instances && <TaskBar tasks={instances} of="instances" />}
          {metrics.map((metric) => (
            <span key={metric.key}>
              {metric.key} <b>{formatNumber(metric.value)}</b>
            </span>
          ))}
        </span>
      </button>
      <Handle type="source" position={across ? Position.Right : Position.Bottom} isConnectable={false} />
    </>
  );
}, looksSame);

function looksSame({ data: a }: NodeProps<TaskFlowNode>, { data: b }: NodeProps<TaskFlowNode>): boolean {
  return (
    a.task === b.task &&
    a.instances === b.instances &&
    a.selected === b.selected &&
    a.direction === b.direction &&
    a.onSelect === b.onSelect &&
    a.metrics.length === b.metrics.length &&
    a.metrics.every((metric, i) => metric === b.metrics[i])
  );
}
