/** Names that point to a version, as chips. */
export function Aliases({ names }: { names: string[] }) {
  if (names.length === 0) return <span className="muted">–</span>;
  return (
    <span className="aliases">
      {names.map((name) => (
        <span key={name} className="chip alias">
          {name}
        </span>
      ))}
    </span>
  );
}
