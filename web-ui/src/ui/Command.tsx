import { useEffect, useState } from 'react';

/** A command or an address to take along, with a button that copies it. */
export function Command({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState<boolean>();
  useEffect(() => {
    if (copied === undefined) return;
    const timer = setTimeout(() => setCopied(undefined), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () =>
    // Not there on a page that came over plain HTTP from elsewhere; the text can be selected all the same.
    Promise.resolve(navigator.clipboard?.writeText(text) ?? Promise.reject())
      .then(() => setCopied(true))
      .catch(() => setCopied(false));
  return (
    <span className="copyable">
      <code className="command">{text}</code>
      <button type="button" className="button" aria-label={`Copy ${label}`} onClick={() => void copy()}>
        <span aria-live="polite">
          {copied === undefined ? 'Copy' : copied ? 'Copied' : 'Select and copy it'}
        </span>
      </button>
    </span>
  );
}
