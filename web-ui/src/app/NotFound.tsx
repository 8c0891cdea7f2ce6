import { Link } from '@tanstack/react-router';

/** For an address that is no page. */
export function NotFound() {
  return (
    <main className="page">
      <div className="card empty">
        <strong>There is no page at this address</strong>
        <code>{location.pathname}</code>
        <Link to="/pipeline-runs" className="button">
          Go to the pipeline runs
        </Link>
      </div>
    </main>
  );
}
