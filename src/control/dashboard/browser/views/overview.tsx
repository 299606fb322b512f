import type { ComponentChildren } from 'preact';
import { formatBytes } from '../../model/age.js';
import { linkTo, linkToResource } from '../../model/page-route.js';
import { leaderOf, storeRevision } from '../../model/store-health.js';
import { cellOf, type TableColumn, type TableRow } from '../../model/table.js';
import { type Tone, toneOf } from '../../model/tone.js';
import { nodeUsages } from '../../model/usage.js';
import type { ApiError } from '../api.js';
import { Badge } from '../components/badge.js';
import { Problem } from '../components/problem.js';
import { UsageTable } from '../components/usage.js';
import { usePolled, useSession, useTable } from '../hooks.js';
import { events, nodes, pods } from '../known-resources.js';
import { ResourceList } from './resource-list.js';
import { useStoreStatus } from './store/members.js';

const pollMs = 5000;
const usagePollMs = 15_000;

/** How the cluster is, at a glance. */
export function Overview() {
  const { namespace } = useSession();
  return (
    <section class="overview" aria-label="Overview">
      <h1>Overview</h1>
      <div class="cards">
        <ServerCard />
        <StoreCard />
        <CountsCard title="Nodes" link={linkTo('nodes')} resource={nodes} namespace="" />
        <CountsCard
          title="Pods"
          link={linkToResource(pods)}
          resource={pods}
          namespace={namespace}
        />
        <UsageCard />
      </div>
      <ResourceList
        title="Warnings"
        resource={events}
        isNamespaced
        namespace={namespace}
        fieldSelector="type=Warning"
        isCompact
      />
    </section>
  );
}

function Card(props: {
  readonly title: string;
  readonly link?: string;
  readonly problem: ApiError | null;
  readonly children: ComponentChildren;
}) {
  const { title, link, problem } = props;
  return (
    <section class="card" aria-label={title}>
      <h2>{link === undefined ? title : <a href={link}>{title}</a>}</h2>
      <Problem problem={problem} />
      {props.children}
    </section>
  );
}

/** Whether the server itself says that it is well. */
function ServerCard() {
  const { api } = useSession();
  const { value, problem } = usePolled('readyz', pollMs, async (signal) => {
    const [text, version] = await Promise.all([
      api.text('/readyz?verbose', { accept: '*/*', signal }),
      api.json<{ readonly gitVersion: string; readonly goVersion?: string }>('/version', {
        signal,
      }),
    ]);
    const checks = text.split('\n').filter((line) => /^\[[+-]\]/.test(line));
    return { checks, gitVersion: version.gitVersion };
  });
  return (
    <Card title="API server" problem={problem}>
      {value !== null && (
        <dl>
          <dt>State</dt>
          <dd>
            <Badge text="Ready" />
          </dd>
          <dt>Checks</dt>
          <dd>{value.checks.length} passed</dd>
          <dt>Version</dt>
          <dd>{value.gitVersion}</dd>
        </dl>
      )}
    </Card>
  );
}

function StoreCard() {
  const { value, problem } = useStoreStatus();
  const leader = value === null ? undefined : leaderOf(value);
  const answering = value?.members.filter(({ state }) => state !== null).length ?? 0;
  return (
    <Card title="Store" link={linkTo('store')} problem={problem}>
      {value !== null && (
        <dl>
          <dt>Members</dt>
          <dd>
            <Badge
              text={`${answering} of ${value.members.length} answer`}
              tone={answering === value.members.length ? 'good' : 'bad'}
            />
          </dd>
          <dt>Leader</dt>
          <dd>
            {leader === undefined ? <Badge text="none" tone="bad" /> : leader.name}, term{' '}
            {leader?.state?.term ?? 'unknown'}
          </dd>
          <dt>Revision</dt>
          <dd>{storeRevision(value)}</dd>
          <dt>Size</dt>
          <dd>{formatBytes(Number(leader?.state?.sizeBytes ?? 0))}</dd>
          {value.alarms.length > 0 && (
            <>
              <dt>Alarms</dt>
              <dd>
                <Badge text={value.alarms.map(({ alarm }) => alarm).join(', ')} tone="bad" />
              </dd>
            </>
          )}
        </dl>
      )}
    </Card>
  );
}

/** What nodes use, where there is a metrics API. */
function UsageCard() {
  const { api } = useSession();
  const { value, problem } = usePolled('node-usage', usagePollMs, async (signal) =>
    nodeUsages(await api.json('/apis/metrics.k8s.io/v1beta1/nodes', { signal })),
  );
  // Without one, or while its server is away, there is nothing to say.
  if (problem !== null && [0, 404, 503].includes(problem.code)) return null;
  return (
    <Card title="Usage of nodes" problem={problem}>
      {value !== null && <UsageTable label="Usage of nodes" usages={value} />}
    </Card>
  );
}

/** How many objects there are of each status. */
function CountsCard(props: {
  readonly title: string;
  readonly link: string;
  readonly resource: typeof nodes;
  readonly namespace: string;
}) {
  const { title, link, resource, namespace } = props;
  const { items, columns, isComplete, problem } = useTable({ resource, namespace });
  const counts = countBy(items, columns);
  return (
    <Card title={title} link={link} problem={problem}>
      <p class="big" aria-live="off">
        {items.length}
        {isComplete || problem !== null ? '' : '…'}
      </p>
      <ul class="counts">
        {counts.map(([status, count, tone]) => (
          <li key={status}>
            <Badge text={`${count} ${status}`} tone={tone} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function countBy(
  rows: readonly TableRow[],
  columns: readonly TableColumn[],
): (readonly [status: string, count: number, tone: Tone])[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const status = cellOf(row, columns, 'Status');
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([status, count]) => [status, count, toneOf(status)]);
}
