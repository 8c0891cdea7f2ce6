import { useEffect, useState } from 'react';

/** A command or an address to take along, with a button that copies it. */
export function Command({ text, label }: { text: string; label: string }) {
  return (
    <span className="copyable">
      <code className="command">{text}</code>
      <CopyButton text={text} label={`Copy ${label}`} word="Copy" otherwise="Select and copy it" />
    </span>
  );
}

/** A button that copies a text and says whether it did. */
export function CopyButton({
  text,
  label,
  word,
  otherwise = 'Could not copy',
}: {
  text: string;
  label: string;
  word: string;
  /** What is said where the browser does not let it. */
  otherwise?: string;
}) {
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
    <button type="button" className="button" aria-label={label} onClick={() => void copy()}>
      <span aria-live="polite">{copied === undefined ? word : copied ? 'Copied' : otherwise}</span>
    </button>
  );
}
