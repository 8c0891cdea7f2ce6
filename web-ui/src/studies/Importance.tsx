import type { Parameter, StudyResult } from '../api/types';
import { formatShare } from '../charts/confusion';
import { formatJson, formatNumber } from '../ui/format';

/** How much each param matters, the most first. */
export function Importance({
  result: { importance },
  space,
  of,
}: {
  result: StudyResult;
  space: Record<string, Parameter>;
  /** The objective. */
  of: string;
}) {
  const shares = Object.entries(importance);
  const most = Math.max(...shares.map(([, share]) => share), 0);
  return (
    <section className="card study-picture" aria-label="What matters">
      <header className="card-head">
        <h2>What matters</h2>
      </header>
      <div className="card-body">
        {shares.length === 0 ? (
          <p className="muted">That can be said when four trials are complete.</p>
        ) : (
          <>
            <p className="muted">
              Each param’s share in what sets the best tenth of the trials, by {of}, apart from the rest
              (PED-ANOVA).
            </p>
            <ul className="importance">
              {shares.map(([name, share]) => (
                <li key={name} title={rangeInWords(space[name])}>
                  <span className="name">{name}</span>
                  <span className="bar" aria-hidden="true">
                    <i style={{ width: `${most > 0 ? (100 * share) / most : 0}%` }} />
                  </span>
                  <b className="num">{formatShare(share)}</b>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </section>
  );
}

/** What a param was chosen from. */
export function rangeInWords(parameter: Parameter | undefined): string {
  if (!parameter) return '';
  const { values, low = 0, high = 0, log, step, when } = parameter;
  const range = values
    ? `one of ${values.map(formatJson).join(', ')}`
    : `${formatNumber(low)} to ${formatNumber(high)}${log ? ', in logarithms' : ''}${step ? `, by ${formatNumber(step)}` : ''}`;
  const only = Object.entries(when ?? {}).map(
    ([name, wanted]) => `${name} is ${wanted.map(formatJson).join(' or ')}`,
  );
  return only.length > 0 ? `${range}; only where ${only.join(' and ')}` : range;
}
