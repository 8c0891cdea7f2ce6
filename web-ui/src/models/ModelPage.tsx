import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { ModelVersion } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { byWeight } from '../runs/headline';
import { columnsOf, DataTable } from '../ui/DataTable';
import { formatBytes, formatNumber, plural, shortDigest } from '../ui/format';
import { ProblemNote } from '../ui/ProblemNote';
import { Skeleton } from '../ui/Skeleton';
import { Ago } from '../ui/Time';
import { Aliases } from './Aliases';
import { LineageChain } from './LineageChain';
import { fileUrl, modelQuery, modelVersionsQuery } from './queries';
import './models.css';

const route = getRouteApi('/models/$name');

/** One model: its versions, and of one of them what it measured, what it consists of and where it comes from. */
export function ModelPage() {
  const { name } = route.useParams();
  const { version } = route.useSearch();
  const model = useQuery(modelQuery(name));
  const versions = useQuery(modelVersionsQuery(name));
  usePageTitle(name);
  const error = model.error ?? versions.error;
  const selected =
    version === undefined ? versions.data?.[0] : versions.data?.find((each) => each.version === version);

  return (
    <main className="page">
      <nav className="crumbs" aria-label="Where this is">
        <Link to="/models">Models</Link>
      </nav>
      <div className="page-head">
        <h1>{name}</h1>
        {versions.data && <span className="muted">{plural(versions.data.length, 'version')}</span>}
        {model.data?.description && <p className="muted">{model.data.description}</p>}
      </div>
      {versions.data ? (
        <>
          <section className="card">
            <Versions name={name} versions={versions.data} selected={selected} />
          </section>
          {selected ? (
            <VersionView version={selected} />
          ) : (
            <div className="card empty">
              <strong>
                {versions.data.length === 0
                  ? 'This model has no version yet'
                  : `There is no version ${version}`}
              </strong>
            </div>
          )}
        </>
      ) : error ? (
        <ProblemNote
          error={error}
          onRetry={() => {
            void model.refetch();
            void versions.refetch();
          }}
        />
      ) : (
        <div className="card card-body">
          <Skeleton lines={5} height="1.4rem" />
        </div>
      )}
    </main>
  );
}

const column = columnsOf<ModelVersion>();

function Versions({
  name,
  versions,
  selected,
}: {
  name: string;
  versions: ModelVersion[];
  selected: ModelVersion | undefined;
}) {
  const columns = useMemo(() => {
    const keys = byWeight([...new Set(versions.flatMap((version) => Object.keys(version.metrics)))]).slice(
      0,
      4,
    );
    return column.columns([
      column.accessor('version', {
        header: 'Version',
        cell: ({ getValue }) => (
          <Link
            to="/models/$name"
            params={{ name }}
            search={{ version: getValue() }}
            resetScroll={false}
            replace
          >
            v{getValue()}
          </Link>
        ),
      }),
      column.display({
        id: 'aliases',
        header: 'Aliases',
        cell: ({ row }) => <Aliases names={row.original.aliases} />,
      }),
      column.accessor('flavor', { header: 'Flavor' }),
      column.accessor('size', { header: 'Size', cell: ({ getValue }) => formatBytes(getValue()) }),
      column.accessor('createdAt', { header: 'Created', cell: ({ getValue }) => <Ago at={getValue()} /> }),
      ...keys.map((key) =>
        column.accessor((version) => Number(version.metrics[key] ?? Number.NaN), {
          id: `metric:${key}`,
          header: key,
          cell: ({ row }) =>
            row.original.metrics[key] === undefined ? '–' : formatNumber(row.original.metrics[key]),
        }),
      ),
    ]);
  }, [name, versions]);
  const right = ['size', ...columns.map((each) => each.id ?? '').filter((id) => id.startsWith('metric:'))];
  return (
    <DataTable
      label={`Versions of ${name}`}
      columns={columns}
      data={versions}
      right={right}
      rowId={(version) => String(version.version)}
      selected={String(selected?.version ?? '')}
    />
  );
}

function VersionView({ version }: { version: ModelVersion }) {
  return (
    <>
      <section className="card" aria-label="Lineage">
        <header className="card-head">
          <h2>Where version {version.version} comes from</h2>
        </header>
        <div className="card-body">
          <LineageChain version={version} />
        </div>
      </section>
      <div className="version-columns">
        <section className="card">
          <header className="card-head">
            <h2>Metrics of version {version.version}</h2>
          </header>
          {Object.keys(version.metrics).length === 0 ? (
            <p className="card-body muted">Nothing was measured on this version.</p>
          ) : (
            <dl className="kv card-body metric-list">
              {byWeight(Object.keys(version.metrics)).map((key) => (
                <div key={key} style={{ display: 'contents' }}>
                  <dt>{key}</dt>
                  <dd className="num">
                    <b>{formatNumber(version.metrics[key] ?? 'NaN')}</b>
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </section>
        <section className="card">
          <header className="card-head">
            <h2>Files</h2>
            <span className="muted num end">{formatBytes(version.size)}</span>
          </header>
          <ul className="files">
            {version.files.map((file) => (
              <li key={file.path}>
                <a href={fileUrl(file)} download={file.path.split('/').at(-1)} className="truncate">
                  {file.path}
                </a>
                <code className="muted" title={file.digest}>
                  {shortDigest(file.digest)}
                </code>
                <span className="muted num">{formatBytes(file.size)} ↓</span>
              </li>
            ))}
          </ul>
          <dl className="kv card-body ids">
            <dt>Model id</dt>
            <dd>
              <code>{version.modelId}</code>
            </dd>
            <dt>Digest</dt>
            <dd>
              <code>{version.digest}</code>
            </dd>
          </dl>
        </section>
      </div>
    </>
  );
}
