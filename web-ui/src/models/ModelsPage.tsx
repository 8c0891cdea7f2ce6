import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { RegisteredModel } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { byWeight } from '../runs/headline';
import { columnsOf, DataTable } from '../ui/DataTable';
import { formatNumber } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { Ago } from '../ui/Time';
import { Aliases } from './Aliases';
import { modelsQuery } from './queries';
import './models.css';

/** The catalog. */
export function ModelsPage() {
  const models = useQuery(modelsQuery());
  usePageTitle('Models');
  return (
    <main className="page">
      <div className="page-head">
        <h1>Models</h1>
      </div>
      {models.error && !models.data ? (
        <ProblemNote error={models.error} onRetry={() => models.refetch()} />
      ) : (
        <section className="card">
          {!models.data ? (
            <div className="card-body">
              <Skeleton lines={4} height="1.4rem" />
            </div>
          ) : models.data.length === 0 ? (
            <div className="empty">
              <strong>No model is registered yet</strong>
              <p>
                A pipeline registers one with the task <code>pipewright/register@v1</code>. The example does:
              </p>
              <code className="command">./pipewright demo</code>
            </div>
          ) : (
            <DataTable
              label="Models"
              columns={COLUMNS}
              data={models.data}
              right={['versions']}
              rowId={(m) => m.name}
            />
          )}
        </section>
      )}
    </main>
  );
}

const column = columnsOf<RegisteredModel>();
const COLUMNS = column.columns([
  column.accessor('name', {
    header: 'Name',
    cell: ({ row }) => (
      <>
        <Link to="/models/$name" params={{ name: row.original.name }} className="model-name">
          {row.original.name}
        </Link>
        {row.original.description && <div className="muted">{row.original.description}</div>}
      </>
    ),
  }),
  column.accessor('versions', { header: 'Versions' }),
  column.display({
    id: 'aliases',
    header: 'Aliases',
    cell: ({ row }) => <ByAlias aliases={row.original.aliases} />,
  }),
  column.display({
    id: 'metrics',
    header: 'Latest version',
    cell: ({ row }) => <Metrics model={row.original} />,
  }),
  column.accessor('updatedAt', {
    header: 'Updated',
    cell: ({ getValue }) => (
      <span className="muted">
        <Ago at={getValue()} />
      </span>
    ),
  }),
]);

function ByAlias({ aliases }: { aliases: Record<string, number> }) {
  return <Aliases names={Object.entries(aliases).map(([alias, version]) => `${alias} → v${version}`)} />;
}

function Metrics({ model }: { model: RegisteredModel }) {
  if (!model.latest) return <span className="muted">–</span>;
  const { version, flavor, metrics } = model.latest;
  return (
    <span className="metric-line num">
      <span>
        v{version} <span className="muted">{flavor}</span>
      </span>
      {byWeight(Object.keys(metrics))
        .slice(0, 2)
        .map((key) => (
          <span key={key}>
            <span className="muted">{key}</span> {formatNumber(metrics[key] ?? 'NaN')}
          </span>
        ))}
    </span>
  );
}
