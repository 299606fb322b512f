import type { ComponentChildren } from 'preact';
import type { ApiObject, Container, ContainerStatus } from '../../../model/api-object.js';
import { kindNamed } from '../../../model/discovery.js';
import { linkToObject } from '../../../model/page-route.js';
import { Age } from '../../components/age.js';
import { Badge } from '../../components/badge.js';
import { useNow, useSession } from '../../hooks.js';

/** Characters of a label or an annotation that are shown. */
const valueMax = 160;

/** What is worth knowing of an object before its whole text. */
export function Summary({ object }: { readonly object: ApiObject }) {
  const { metadata, spec = {}, status = {} } = object;
  const nowMs = useNow(5000);
  const createdMs = Date.parse(metadata.creationTimestamp ?? '') || 0;
  return (
    <div class="summary">
      <dl>
        <Fact name="Created">
          <Age fromMs={createdMs} nowMs={nowMs} /> ago
        </Fact>
        {metadata.uid !== undefined && <Fact name="Uid">{metadata.uid}</Fact>}
        {spec.nodeName !== undefined && (
          <Fact name="Node">
            <a
              href={linkToObject({
                group: '',
                version: 'v1',
                resource: 'nodes',
                namespace: '',
                name: spec.nodeName,
              })}
            >
              {spec.nodeName}
            </a>
          </Fact>
        )}
        {status.podIP !== undefined && <Fact name="Address">{status.podIP}</Fact>}
        {status.addresses !== undefined && (
          <Fact name="Addresses">
            {status.addresses.map(({ type, address }) => `${type} ${address}`).join(', ')}
          </Fact>
        )}
        <Owners object={object} />
        <Labels name="Labels" labels={metadata.labels} />
        <Labels name="Annotations" labels={metadata.annotations} />
        {spec.taints !== undefined && (
          <Fact name="Taints">
            {spec.taints
              .map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`)
              .join(', ')}
          </Fact>
        )}
      </dl>
      <Conditions object={object} nowMs={nowMs} />
      <Containers object={object} />
      <Capacity object={object} />
      <Data object={object} />
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Owners({ object }: { readonly object: ApiObject }) {
  const { kinds } = useSession();
  const { ownerReferences = [], namespace = '' } = object.metadata;
  if (ownerReferences.length === 0) return null;
  return (
    <Fact name="Owned by">
      {ownerReferences.map((owner) => {
        const served = kinds === null ? null : kindNamed(kinds, owner);
        const text = `${owner.kind} ${owner.name}`;
        if (served === null) return <span key={owner.uid}>{text}</span>;
        const place = served.isNamespaced ? namespace : '';
        return (
          <a key={owner.uid} href={linkToObject({ ...served, namespace: place, name: owner.name })}>
            {text}
          </a>
        );
      })}
    </Fact>
  );
}

function Labels(props: {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>> | undefined;
}) {
  const entries = Object.entries(props.labels ?? {});
  if (entries.length === 0) return null;
  return (
    <Fact name={props.name}>
      <ul class="labels">
        {entries.map(([key, value]) => (
          <li key={key}>
            <code title={value}>
              {key}={value.length > valueMax ? `${value.slice(0, valueMax)}…` : value}
            </code>
          </li>
        ))}
      </ul>
    </Fact>
  );
}

function Conditions({ object, nowMs }: { readonly object: ApiObject; readonly nowMs: number }) {
  const conditions = object.status?.conditions ?? [];
  if (conditions.length === 0) return null;
  return (
    <Part title="Conditions" headers={['Type', 'Status', 'Since', 'Reason', 'Message']}>
      {conditions.map(({ type, status, reason = '', message = '', lastTransitionTime = '' }) => (
        <tr key={type}>
          <td>{type}</td>
          <td>{status}</td>
          <td>
            <Age fromMs={Date.parse(lastTransitionTime) || 0} nowMs={nowMs} />
          </td>
          <td>{reason}</td>
          <td title={message}>{message}</td>
        </tr>
      ))}
    </Part>
  );
}

function Containers({ object }: { readonly object: ApiObject }) {
  const { spec = {}, status = {} } = object;
  const containers: readonly Container[] = [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
  ];
  if (containers.length === 0) return null;
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return (
    <Part title="Containers" headers={['Name', 'State', 'Ready', 'Restarts', 'Image']}>
      {containers.map(({ name, image = '' }) => {
        const own = statuses.find((each) => each.name === name);
        return (
          <tr key={name}>
            <td>{name}</td>
            <td>{own === undefined ? 'not started' : <Badge text={stateOf(own)} />}</td>
            <td>{own?.ready === true ? 'yes' : 'no'}</td>
            <td>{own?.restartCount ?? 0}</td>
            <td title={image}>{image}</td>
          </tr>
        );
      })}
    </Part>
  );
}

function stateOf({ state = {} }: ContainerStatus): string {
  const [[name, details] = ['waiting', {}]] = Object.entries(state);
  if (name === 'running') return 'Running';
  return details.reason ?? name;
}

function Capacity({ object }: { readonly object: ApiObject }) {
  const { capacity, allocatable = {} } = object.status ?? {};
  if (capacity === undefined || object.kind !== 'Node') return null;
  return (
    <Part title="Capacity" headers={['Resource', 'Capacity', 'For pods']}>
      {Object.entries(capacity).map(([name, amount]) => (
        <tr key={name}>
          <td>{name}</td>
          <td>{amount}</td>
          <td>{allocatable[name] ?? ''}</td>
        </tr>
      ))}
    </Part>
  );
}

/** Of ConfigMaps; what Secrets hold is shown by the YAML view alone, when asked. */
function Data({ object }: { readonly object: ApiObject }) {
  const { data } = object as { readonly data?: Readonly<Record<string, string>> };
  if (object.kind !== 'ConfigMap' || data === undefined) return null;
  return (
    <>
      {Object.entries(data).map(([key, value]) => (
        <section key={key}>
          <h2>{key}</h2>
          <pre class="text">{value}</pre>
        </section>
      ))}
    </>
  );
}

function Part(props: {
  readonly title: string;
  readonly headers: readonly string[];
  readonly children: ComponentChildren;
}) {
  return (
    <section>
      <h2>{props.title}</h2>
      <table class="data" aria-label={props.title}>
        <thead>
          <tr>
            {props.headers.map((header) => (
              <th key={header} scope="col" class={`plain ${header === 'Message' ? 'wide' : ''}`}>
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </section>
  );
}
