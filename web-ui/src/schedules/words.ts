import cronstrue from 'cronstrue';
import type { Schedule, Trigger } from '../api/types';

/** When a schedule's runs are for, for people: `At 02:30, Monday through Friday`. */
export function timesInWords({ cron, every, start }: Schedule['spec']): string {
  if (every) return `Every ${intervalInWords(every)}${start ? ` from ${start}` : ''}`;
  if (!cron) return '';
  try {
    return cronstrue.toString(cron, { use24HourTimeFormat: true });
  } catch {
    // An expression that the server knows and this page does not.
    return cron;
  }
}

const UNITS: Record<string, string> = {
  ms: 'millisecond',
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
};

/** `15m` as 15 minutes, `1d` as day. */
export function intervalInWords(duration: string): string {
  const match = /^(\d+)(ms|[smhd])$/.exec(duration);
  const unit = UNITS[match?.[2] ?? ''];
  if (!match || !unit) return duration;
  return match[1] === '1' ? unit : `${match[1]} ${unit}s`;
}

const KINDS: Record<string, string> = {
  github: 'a message from GitHub',
  gitlab: 'a message from GitLab',
  generic: 'a signed message',
};

/** What sets a trigger off. */
export function occasionInWords({ hook, on }: Trigger['spec']): string {
  if (hook) return KINDS[hook.kind] ?? `a message of kind ${hook.kind}`;
  if (!on) return '';
  const named = on.name ? ` ${on.name}` : '';
  switch (on.event) {
    case 'model-version':
      return on.name ? `a new version of model${named}` : 'a new version of any model';
    case 'model-alias':
      return `${on.alias ? `alias ${on.alias}` : 'an alias'} of ${on.name ? `model${named}` : 'any model'} is set`;
    case 'dataset-version':
      return on.name ? `new data in dataset${named}` : 'new data in any dataset';
    case 'run-ended':
      return `a run of ${on.name ? `pipeline${named}` : 'any pipeline'} ${on.state ? `ends as ${on.state.toLowerCase()}` : 'ends'}`;
    default:
      return on.event;
  }
}

/** Times as a clock in a time zone shows them: `Mon, 2 Mar 2026, 02:30`; with seconds where one of them has any. */
export function clockOf(times: readonly string[], timeZone: string | undefined): (at: string) => string {
  const seconds = times.some((at) => new Date(at).getUTCSeconds() > 0);
  return (at) => formatInZone(at, timeZone, seconds);
}

export function formatInZone(at: string, timeZone: string | undefined, withSeconds = false): string {
  const format: Intl.DateTimeFormatOptions = {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  };
  const seconds = withSeconds ? { second: '2-digit' as const } : {};
  try {
    return new Intl.DateTimeFormat('en-GB', { ...format, ...seconds, timeZone: timeZone ?? 'UTC' }).format(
      new Date(at),
    );
  } catch {
    // A time zone that the server knows and this browser does not.
    return at;
  }
}

/** How a hook's sender signs: what to enter there, or what to run. */
export function signing(kind: string, address: string): { text: string; command?: string } {
  switch (kind) {
    case 'github':
      return {
        text: 'In the repository’s settings, add a webhook with this address, content type application/json, and the secret. GitHub signs the body (X-Hub-Signature-256).',
      };
    case 'gitlab':
      return {
        text: 'In the project’s settings, add a webhook with this address, and the secret as its secret token (X-Gitlab-Token); or with a signing token (whsec_…).',
      };
    default:
      return {
        text: 'Send the header X-Pipewright-Signature: t=<seconds>,v1=<hex>, the HMAC-SHA256 of <seconds>.<body> with the secret:',
        command: `body='{}'; t=$(date +%s)
v1=$(printf '%s.%s' "$t" "$body" | openssl dgst -sha256 -hmac "$(cat secret)" | sed 's/.* //')
curl -H "X-Pipewright-Signature: t=$t,v1=$v1" -d "$body" ${address}`,
      };
  }
}
