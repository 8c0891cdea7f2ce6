import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { get, post } from '../api/client';
import { getAll } from '../api/pages';
import type { Page, Study, StudyCurve, StudyResult, StudyTrial } from '../api/types';

/** How often the pages look what trials have come to: the server tells of runs as they happen, not of studies. */
const LOOK = 2_000;

/** As many trials as a page shows; a pipeline's task can have no more. */
const MOST_TRIALS = 10_000;

/** Where a study is: by itself, or a task of a pipeline run. Both answer the same. */
export type Place = { study: string } | { run: string; task: string };

export const studyKeys = {
  all: ['studies'] as const,
  list: () => [...studyKeys.all, 'list'] as const,
  sight: (place: Place) => [...studyKeys.all, 'sight', place] as const,
};

function path(place: Place): string {
  return 'study' in place
    ? `/studies/${encodeURIComponent(place.study)}`
    : `/pipeline-runs/${encodeURIComponent(place.run)}/tasks/${encodeURIComponent(place.task)}/study`;
}

export function studiesQuery() {
  return infiniteQueryOptions({
    queryKey: studyKeys.list(),
    queryFn: ({ pageParam, signal }) => get<Page<Study>>('/studies', { limit: 50, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) < 3 ? LOOK : false),
  });
}

/** All that a study's page shows. */
export interface Sight {
  study: Study;
  /** By number. */
  trials: StudyTrial[];
  result: StudyResult;
  curves: StudyCurve[];
}

/** A study with its trials, read anew while it goes on and only where something has changed. */
export function sightQuery(place: Place) {
  return queryOptions({
    queryKey: studyKeys.sight(place),
    queryFn: async ({ client, signal }): Promise<Sight> => {
      const study = await get<Study>(path(place), {}, signal);
      // What a pipeline's trials log on the way does not change what is said of the study.
      const known = 'study' in place ? client.getQueryData<Sight>(studyKeys.sight(place)) : undefined;
      if (known && JSON.stringify(known.study) === JSON.stringify(study)) return known;
      const [trials, result, curves] = await Promise.all([
        getAll<StudyTrial>(`${path(place)}/trials`, signal, MOST_TRIALS, 1_000),
        get<StudyResult>(`${path(place)}/result`, {}, signal),
        get<{ curves: StudyCurve[] }>(`${path(place)}/curves`, {}, signal),
      ]);
      const names = Object.keys(study.spec.space);
      const ordered = (trial: StudyTrial) => inOrder(trial, names);
      return {
        study,
        trials: trials.reverse().map(ordered),
        result: { ...result, best: result.best && ordered(result.best), front: result.front.map(ordered) },
        curves: curves.curves,
      };
    },
    refetchInterval: (query) => pace(query.state.data),
  });
}

/** A trial with its params in the order in which they were written; the server has them in none. */
function inOrder(trial: StudyTrial, names: string[]): StudyTrial {
  const place = (entry: [string, unknown]) => names.indexOf(entry[0]);
  const params = Object.entries(trial.params).sort((one, other) => place(one) - place(other));
  return { ...trial, params: Object.fromEntries(params) };
}

/** What is large is looked at less often; what has ended, no more. */
export function pace(sight: Sight | undefined): number | false {
  if (!sight) return false;
  // Those that ran when it was stopped may still say what they have come to.
  const open = sight.study.state === 'RUNNING' || (sight.study.trials.RUNNING ?? 0) > 0;
  return open && LOOK + 4 * sight.trials.length;
}

export function useStop(name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => post<Study>(`/studies/${encodeURIComponent(name)}/stop`),
    onSuccess: () => client.invalidateQueries({ queryKey: studyKeys.all }),
  });
}
