import { ApiError } from '../api/client';
import type { Problem } from '../api/types';

/** What went wrong, in the server's words: code, detail, remedy and each single error. */
export function ProblemNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = problemFrom(error);
  return (
    <div className="problem" role="alert">
      <div className="head">
        <span className="title">{problem.title}</span>
        <span className="code">{problem.code}</span>
      </div>
      <p className="detail">{problem.detail}</p>
      {problem.errors && problem.errors.length > 0 && (
        <ul>
          {problem.errors.map((violation, i) => (
            <li key={i}>
              {violation.path && <code>{violation.path}: </code>}
              {violation.message}
              {violation.line !== undefined && (
                <span className="muted">
                  {' '}
                  (line {violation.line}, column {violation.column})
                </span>
              )}
              {violation.remedy && <span className="muted"> {violation.remedy}</span>}
            </li>
          ))}
        </ul>
      )}
      {problem.remedy && <p className="muted">{problem.remedy}</p>}
      {onRetry && problem.status !== 404 && (
        <div>
          <button type="button" className="button" onClick={onRetry}>
            Try again
          </button>
        </div>
      )}
    </div>
  );
}

function problemFrom(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return {
    type: 'about:blank',
    code: 'PAGE_FAILED',
    title: 'This page failed',
    status: 0,
    detail: error instanceof Error ? error.message : String(error),
    remedy: 'Reload it. If it fails again, report it with the text above.',
  };
}
