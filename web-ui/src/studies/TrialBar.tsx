import type { Study } from '../api/types';
import { PartsBar } from '../ui/PartsBar';
import { trialParts, triedTrials } from './words';

/** How many of a study's trials are how far. */
export function TrialBar({ study: { trials, spec } }: { study: Study }) {
  return (
    <PartsBar parts={trialParts(trials)} of="trials" total={spec.maxTrials} done={triedTrials(trials)} />
  );
}
