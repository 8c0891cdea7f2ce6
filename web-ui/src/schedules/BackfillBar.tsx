import type { Backfill } from '../api/types';
import { type Part, PartsBar } from '../ui/PartsBar';

/** How far a backfill is, as one bar in parts. */
export function BackfillBar({ backfill }: { backfill: Backfill }) {
  return <PartsBar parts={partsOf(backfill)} />;
}

export function partsOf(backfill: Backfill): Part[] {
  return [
    { word: 'succeeded', tone: 'succeeded', count: backfill.succeeded },
    { word: 'failed', tone: 'failed', count: backfill.failed },
    { word: 'refused', tone: 'blocked', count: backfill.refused },
    { word: 'skipped', tone: 'skipped', count: backfill.skipped },
    { word: 'running', tone: 'running', count: backfill.running },
    { word: 'waiting', tone: 'waiting', count: backfill.waiting },
  ];
}
