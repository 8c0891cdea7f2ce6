import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { Trigger } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { Command } from '../ui/Command';
import { Fires } from './Fires';
import { PauseButton } from './PauseButton';
import { triggerQuery } from './queries';
import { PipelineLink } from './SchedulesPage';
import { Facts, ParamFacts, StartPage } from './StartPage';
import { intervalInWords, occasionInWords, signing } from './words';

const route = getRouteApi('/triggers/$name');

/** One trigger: what sets it off, how to send to it, and what came of what it was told. */
export function TriggerPage() {
  const { name } = route.useParams();
  const trigger = useQuery(triggerQuery(name));
  usePageTitle(name);
  return (
    <StartPage title={name} query={trigger}>
      {trigger.data && <View trigger={trigger.data} />}
    </StartPage>
  );
}

function View({ trigger }: { trigger: Trigger }) {
  const { name, spec, paused, hookPath } = trigger;
  return (
    <>
      <div className="page-head">
        <h1>{name}</h1>
        {paused && <span className="chip">paused</span>}
        {spec.description && <p className="muted">{spec.description}</p>}
        <div className="end">
          <PauseButton kind="triggers" name={name} paused={paused} />
        </div>
      </div>
      <div className="start-parts">
        <section className="card" aria-label="What it starts">
          <header className="card-head">
            <h2>What it starts</h2>
          </header>
          <Facts
            facts={[
              ['Pipeline', <PipelineLink key="p" pipeline={spec.pipeline} version={spec.version} />],
              ['On', occasionInWords(spec)],
              ['When', spec.when && <code>{spec.when}</code>],
              ['Params', spec.params && <ParamFacts params={spec.params} />],
              ['Tolerance', spec.hook?.tolerance && intervalInWords(spec.hook.tolerance)],
              ['Priority', spec.priority],
            ]}
          />
        </section>
        {hookPath && spec.hook && <Hook kind={spec.hook.kind} path={hookPath} />}
      </div>
      <Fires
        kind="triggers"
        name={name}
        title={hookPath ? 'Deliveries' : 'History'}
        empty={hookPath ? 'No message with a right signature has come yet.' : 'It was not set off yet.'}
      />
    </>
  );
}

function Hook({ kind, path }: { kind: string; path: string }) {
  const address = location.origin + path;
  const { text, command } = signing(kind, address);
  return (
    <section className="card" aria-label="Where to send">
      <header className="card-head">
        <h2>Where to send</h2>
      </header>
      <div className="card-body hook">
        <Command label="the address" text={address} />
        <p className="muted">
          The server listens on its own machine only: let a proxy bring this one address to it, over HTTPS.
        </p>
        <p>{text}</p>
        {command && <Command label="the lines" text={command} />}
      </div>
    </section>
  );
}
