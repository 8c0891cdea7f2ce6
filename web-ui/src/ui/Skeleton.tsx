/** Grey lines where text is about to be. */
export function Skeleton({ lines = 3, height = '1rem' }: { lines?: number; height?: string }) {
  return (
    <div role="status" aria-label="Loading" style={{ display: 'grid', gap: '0.7rem' }}>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} className="skeleton" style={{ height, width: `${96 - ((i * 23) % 40)}%` }} />
      ))}
    </div>
  );
}
