import { useState } from 'preact/hooks';
import type { ApiObject } from '../../../model/api-object.js';
import { labelQuery, selectorQuery } from '../../../model/label-query.js';
import { linkToResource, type ObjectName } from '../../../model/page-route.js';
import { rolloutOf } from '../../../model/rollout.js';
import { Badge } from '../../components/badge.js';
import { Problem } from '../../components/problem.js';
import { Tabs } from '../../components/tabs.js';
import { useObjects } from '../../hooks.js';
import { events, pods } from '../../known-resources.js';
import { ResourceList } from '../resource-list.js';
import { Console } from './console.js';
import { Logs } from './logs.js';
import { ObjectActions } from './object-actions.js';
import { PodUsage } from './pod-usage.js';
import { Summary } from './summary.js';
import { YamlView } from './yaml-view.js';

/** Everything about one object, live. */
export function ObjectPage({ target }: { readonly target: ObjectName }) {
  const { namespace, name } = target;
  const fieldSelector = `metadata.name=${name}`;
  const { items, isComplete, problem } = useObjects({ resource: target, namespace, fieldSelector });
  const [tab, setTab] = useState('Summary');
  const object = items[0];
  if (object === undefined) {
    return (
      <section>
        <h1>{name}</h1>
        <Problem problem={problem} />
        <p class="empty">
          {isComplete ? `There is no ${target.resource} of this name (any more).` : 'Loading…'}
        </p>
      </section>
    );
  }
  const names = tabNames(target, object);
  const chosen = names.includes(tab) ? tab : 'Summary';
  return (
    <section class="object" aria-label={`${object.kind ?? target.resource} ${name}`}>
      <Title target={target} object={object} />
      <Problem problem={problem} />
      <ObjectActions target={target} object={object} />
      <Tabs label="Parts" names={names} chosen={chosen} onChoose={setTab} />
      <div role="tabpanel" class="panel">
        <Part tab={chosen} target={target} object={object} />
      </div>
    </section>
  );
}

function Title({ target, object }: { readonly target: ObjectName; readonly object: ApiObject }) {
  const rollout = rolloutOf(object);
  const phase = object.status?.phase;
  return (
    <header class="object-title">
      <p>
        <a href={linkToResource(target)}>{target.resource}</a>
        {target.namespace !== '' && <span> in {target.namespace}</span>}
      </p>
      <h1>{target.name}</h1>
      {object.metadata.deletionTimestamp !== undefined && <Badge text="Terminating" tone="busy" />}
      {rollout !== null && <Badge text={rollout.text} tone={rollout.tone} />}
      {rollout === null && phase !== undefined && <Badge text={phase} />}
    </header>
  );
}

function tabNames(target: ObjectName, object: ApiObject): string[] {
  return [
    'Summary',
    ...(podsOf(target, object) === null ? [] : ['Pods']),
    ...(isPod(target) ? ['Logs', 'Console'] : []),
    'Events',
    'YAML',
  ];
}

function isPod({ group, resource }: ObjectName): boolean {
  return group === '' && resource === 'pods';
}

function Part(props: {
  readonly tab: string;
  readonly target: ObjectName;
  readonly object: ApiObject;
}) {
  const { tab, target, object } = props;
  switch (tab) {
    case 'Pods': {
      const selection = podsOf(target, object);
      if (selection === null) return null;
      return <ResourceList title="Pods" resource={pods} isNamespaced isCompact {...selection} />;
    }
    case 'Logs':
      return <Logs target={target} pod={object} />;
    case 'Console':
      return <Console target={target} pod={object} />;
    case 'Events':
      return (
        <ResourceList
          title="Events"
          resource={events}
          isNamespaced
          isCompact
          namespace={target.namespace || 'default'}
          fieldSelector={eventSelector(target, object)}
        />
      );
    case 'YAML':
      return <YamlView target={target} object={object} />;
    default:
      return (
        <>
          <Summary object={object} />
          {isPod(target) && <PodUsage target={target} />}
        </>
      );
  }
}

/** Events about nodes carry their names as uids. */
function eventSelector({ name }: ObjectName, { kind, metadata }: ApiObject): string {
  const selector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const { uid } = metadata;
  return kind === 'Node' || uid === undefined ? selector : `${selector},involvedObject.uid=${uid}`;
}

/** How the pods of an object are selected; null when it has none. */
function podsOf(
  { group, resource, namespace, name }: ObjectName,
  { spec }: ApiObject,
): {
  readonly namespace: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
} | null {
  if (group === '' && resource === 'nodes')
    return { namespace: '', fieldSelector: `spec.nodeName=${name}` };
  const selector = spec?.selector;
  if (selector === undefined) return null;
  if (group === '' && (resource === 'services' || resource === 'replicationcontrollers')) {
    return { namespace, labelSelector: labelQuery(selector as Readonly<Record<string, string>>) };
  }
  const isWorkload =
    group === 'apps' ||
    (group === 'batch' && resource === 'jobs') ||
    resource === 'poddisruptionbudgets';
  return isWorkload ? { namespace, labelSelector: selectorQuery(selector) } : null;
}
