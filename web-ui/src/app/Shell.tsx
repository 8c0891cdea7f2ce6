import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useConnection } from '../api/connection';
import { currentTheme, setTheme, type Theme, useTheme } from './theme';
import './shell.css';

/** The pages of what starts runs, which have three addresses and one link. */
const STARTS = /^\/(schedules|triggers|backfills)(\/|$)/;

/** What every page stands in: the bar at the top, and what it says of the connection. */
export function Shell() {
  const starts = useLocation({ select: ({ pathname }) => STARTS.test(pathname) });
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="topbar">
        <Link to="/pipeline-runs" className="brand" aria-label="Pipewright, home">
          <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
            <rect width="32" height="32" rx="8" fill="var(--brand)" />
            <path
              d="M9 10.5h6a3 3 0 0 1 3 3v5a3 3 0 0 0 3 3h2"
              fill="none"
              stroke="#fff"
              strokeWidth="2.6"
              strokeLinecap="round"
            />
            <circle cx="9" cy="10.5" r="3" fill="#fff" />
            <circle cx="23" cy="21.5" r="3" fill="#fff" />
          </svg>
          <span>Pipewright</span>
        </Link>
        <nav aria-label="Pages">
          <Link to="/pipeline-runs" activeOptions={{ exact: false, includeSearch: false }}>
            Pipeline runs
          </Link>
          <Link to="/schedules" data-status={starts ? 'active' : undefined}>
            Schedules
          </Link>
          <Link to="/studies" activeOptions={{ exact: false, includeSearch: false }}>
            Studies
          </Link>
          <Link to="/pools" activeOptions={{ exact: false, includeSearch: false }}>
            Pools
          </Link>
          <Link to="/models" activeOptions={{ exact: false, includeSearch: false }}>
            Models
          </Link>
        </nav>
        <div className="end">
          <ConnectionNote />
          <ThemeButton />
        </div>
      </header>
      <div id="content">
        <Outlet />
      </div>
    </>
  );
}

function ConnectionNote() {
  const connection = useConnection();
  return (
    <span role="status" className="connection" data-away={connection === 'away'}>
      {connection === 'away' ? 'Server away – reconnecting…' : ''}
    </span>
  );
}

const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const WORD: Record<Theme, string> = { system: 'as the system', light: 'light', dark: 'dark' };
const ICON: Record<Theme, string> = {
  system: 'M4 5h16v11H4zM9 20h6M12 16v4',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19',
  dark: 'M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5z',
};

function ThemeButton() {
  const theme = useTheme();
  return (
    <button
      type="button"
      className="button quiet icon"
      title={`Theme: ${WORD[theme]}`}
      aria-label={`Theme: ${WORD[theme]}. Switch to ${WORD[NEXT[theme]]}`}
      onClick={() => setTheme(NEXT[currentTheme()])}
    >
      <svg
        viewBox="0 0 24 24"
        width="17"
        height="17"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        <path d={ICON[theme]} />
      </svg>
    </button>
  );
}
