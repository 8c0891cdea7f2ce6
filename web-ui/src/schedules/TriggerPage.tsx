import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { Trigger } from '../api/types';
import { usePageTitle } from '../app/usePageTitle';
import { Command } from '../ui/Command';
import { Fires } from './Fires';
import { triggerQuery } from './queries';
import { ParamFacts, Start, StartPage } from './StartPage';
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
  const { name, spec, hookPath } = trigger;
  return (
    <>
      <Start
        kind="triggers"
        start={trigger}
        facts={[
          ['On', occasionInWords(spec)],
          ['When', spec.when && <code>{spec.when}</code>],
          ['Params', spec.params && <ParamFacts params={spec.params} />],
          ['Tolerance', spec.hook?.tolerance && intervalInWords(spec.hook.tolerance)],
          ['Priority', spec.priority],
        ]}
        beside={hookPath && spec.hook && <Hook kind={spec.hook.kind} path={hookPath} />}
      />
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
