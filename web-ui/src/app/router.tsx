import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
  redirect,
} from '@tanstack/react-router';
import type { RunState } from '../api/types';
import { loadPipelineRun } from '../pipeline-runs/queries';
import { ProblemNote } from '../ui/ProblemNote';
import { RUN_STATES } from '../ui/states';
import { NotFound } from './NotFound';
import { Shell } from './Shell';
import { parseSearch, stringifySearch, text } from './search';

/** What loaders need. */
interface Context {
  queryClient: QueryClient;
}

const root = createRootRouteWithContext<Context>()({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: ({ error }) => (
    <main className="page">
      <ProblemNote error={error} onRetry={() => location.reload()} />
    </main>
  ),
});

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/pipeline-runs', replace: true });
  },
});

const pipelineRuns = createRoute({
  getParentRoute: () => root,
  path: '/pipeline-runs',
  validateSearch: (search: Record<string, unknown>): { pipeline?: string; state?: RunState } => ({
    pipeline: text(search.pipeline),
    state: RUN_STATES.find((state) => state === search.state),
  }),
  component: lazyRouteComponent(() => import('../pipeline-runs/PipelineRunsPage'), 'PipelineRunsPage'),
});

const pipelineRun = createRoute({
  getParentRoute: () => root,
  path: '/pipeline-runs/$id',
  validateSearch: (
    search: Record<string, unknown>,
  ): {
    task?: string;
    view?: 'tasks';
    group?: string;
    state?: string;
    search?: string;
    level?: string;
  } => ({
    task: text(search.task),
    view: search.view === 'tasks' ? 'tasks' : undefined,
    group: text(search.group),
    state: text(search.state),
    search: text(search.search),
    level: text(search.level),
  }),
  loaderDeps: ({ search: { task: _, ...shown } }) => shown,
  // Asked for while the page's own code is on its way, and not waited for.
  loader: ({ context, params, deps: { view, ...filter } }) =>
    void loadPipelineRun(context.queryClient, params.id, view === 'tasks', filter),
  component: lazyRouteComponent(() => import('../pipeline-runs/PipelineRunPage'), 'PipelineRunPage'),
});

const schedules = createRoute({
  getParentRoute: () => root,
  path: '/schedules',
  component: lazyRouteComponent(() => import('../schedules/SchedulesPage'), 'SchedulesPage'),
});

const schedule = createRoute({
  getParentRoute: () => root,
  path: '/schedules/$name',
  component: lazyRouteComponent(() => import('../schedules/SchedulePage'), 'SchedulePage'),
});

const trigger = createRoute({
  getParentRoute: () => root,
  path: '/triggers/$name',
  component: lazyRouteComponent(() => import('../schedules/TriggerPage'), 'TriggerPage'),
});

const backfill = createRoute({
  getParentRoute: () => root,
  path: '/backfills/$id',
  component: lazyRouteComponent(() => import('../schedules/BackfillPage'), 'BackfillPage'),
});

const pools = createRoute({
  getParentRoute: () => root,
  path: '/pools',
  validateSearch: (search: Record<string, unknown>): { pool?: string } => ({ pool: text(search.pool) }),
  component: lazyRouteComponent(() => import('../pools/PoolsPage'), 'PoolsPage'),
});

const studies = createRoute({
  getParentRoute: () => root,
  path: '/studies',
  component: lazyRouteComponent(() => import('../studies/StudiesPage'), 'StudiesPage'),
});

const study = createRoute({
  getParentRoute: () => root,
  path: '/studies/$name',
  validateSearch: trialSearch,
  component: lazyRouteComponent(() => import('../studies/StudyPage'), 'StudyPage'),
});

const taskStudy = createRoute({
  getParentRoute: () => root,
  path: '/pipeline-runs/$id/studies/$task',
  validateSearch: trialSearch,
  component: lazyRouteComponent(() => import('../studies/TaskStudyPage'), 'TaskStudyPage'),
});

function trialSearch(search: Record<string, unknown>): { trial?: number } {
  const trial = Number(text(String(search.trial ?? '')));
  return { trial: Number.isInteger(trial) && trial >= 0 ? trial : undefined };
}

const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$id',
  component: lazyRouteComponent(() => import('../runs/RunPage'), 'RunPage'),
});

const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  component: lazyRouteComponent(() => import('../models/ModelsPage'), 'ModelsPage'),
});

const model = createRoute({
  getParentRoute: () => root,
  path: '/models/$name',
  validateSearch: (search: Record<string, unknown>): { version?: number } => {
    const version = Number(search.version);
    return { version: Number.isInteger(version) && version > 0 ? version : undefined };
  },
  component: lazyRouteComponent(() => import('../models/ModelPage'), 'ModelPage'),
});

const routeTree = root.addChildren([
  home,
  pipelineRuns,
  pipelineRun,
  schedules,
  schedule,
  trigger,
  backfill,
  pools,
  studies,
  study,
  taskStudy,
  run,
  models,
  model,
]);

export function makeRouter(queryClient: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree,
    history,
    context: { queryClient },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
