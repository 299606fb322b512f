import { useMemo } from 'preact/hooks';
import { parseLabelQuery } from '../../../model/label-query.js';
import { linkToObject, type ResourceName } from '../../../model/page-route.js';
import { cellOf } from '../../../model/table.js';
import { type Tone, toneOf } from '../../../model/tone.js';
import {
  layOut,
  type Topology,
  type TopologyBox,
  type TopologyObject,
  topologyColumns,
} from '../../../model/topology.js';
import { Problem } from '../../components/problem.js';
import { type TableSnapshot, useSession, useTable } from '../../hooks.js';
import { pods, services } from '../../known-resources.js';

const apps = (resource: string): ResourceName => ({ group: 'apps', version: 'v1', resource });
const batch = (resource: string): ResourceName => ({ group: 'batch', version: 'v1', resource });
const resources: Readonly<Record<string, ResourceName>> = {
  Deployment: apps('deployments'),
  StatefulSet: apps('statefulsets'),
  DaemonSet: apps('daemonsets'),
  ReplicaSet: apps('replicasets'),
  CronJob: batch('cronjobs'),
  Job: batch('jobs'),
  Pod: pods,
  Service: services,
};

const podsMax = 250;
const boxWidth = 222;
const boxHeight = 26;
const columnWidth = 285;
const rowHeight = 34;
const top = 34;

/** What belongs to what in a namespace: workloads, what they make, their pods, and the services that lead to these. */
export function NamespacePicture() {
  const { namespace: chosen } = useSession();
  const namespace = chosen || 'default';
  const { tables, topology } = useTopology(namespace);
  const problem = tables.map((table) => table.problem).find((each) => each !== null) ?? null;
  return (
    <>
      <Problem problem={problem} />
      <p class="hint">
        Namespace {namespace}
        {topology.hiddenPods > 0 && `, without ${topology.hiddenPods} of its pods`}
      </p>
      <div class="picture">
        <Picture topology={topology} namespace={namespace} />
      </div>
    </>
  );
}

function useTopology(namespace: string): {
  readonly tables: readonly TableSnapshot[];
  readonly topology: Topology;
} {
  const deployments = useOwn('Deployment', namespace);
  const statefulSets = useOwn('StatefulSet', namespace);
  const daemonSets = useOwn('DaemonSet', namespace);
  const cronJobs = useOwn('CronJob', namespace);
  const replicaSets = useOwn('ReplicaSet', namespace);
  const jobs = useOwn('Job', namespace);
  const podTable = useOwn('Pod', namespace);
  const serviceTable = useOwn('Service', namespace);
  const tables = [
    deployments,
    statefulSets,
    daemonSets,
    cronJobs,
    replicaSets,
    jobs,
    podTable,
    serviceTable,
  ];
  const topology = useMemo(
    () =>
      layOut(
        {
          workloads: [
            ...objectsOf('Deployment', deployments, 'Ready'),
            ...objectsOf('StatefulSet', statefulSets, 'Ready'),
            ...objectsOf('DaemonSet', daemonSets, 'Ready'),
            ...objectsOf('CronJob', cronJobs, 'Schedule'),
          ],
          sets: [
            ...objectsOf('ReplicaSet', replicaSets, 'Desired').filter(({ note }) => note !== '0'),
            ...objectsOf('Job', jobs, 'Completions'),
          ],
          pods: objectsOf('Pod', podTable, 'Status'),
          services: serviceTable.items.map((row) => ({
            ...{ kind: 'Service', metadata: row.metadata, tone: 'plain' as const },
            note: cellOf(row, serviceTable.columns, 'Type'),
            selector: parseLabelQuery(cellOf(row, serviceTable.columns, 'Selector')),
          })),
        },
        podsMax,
      ),
    [deployments, statefulSets, daemonSets, cronJobs, replicaSets, jobs, podTable, serviceTable],
  );
  return { tables, topology };
}

/** The same object until something changes, so that the picture is not laid out again for nothing. */
function useOwn(kind: string, namespace: string): TableSnapshot {
  const { items, columns, isComplete, problem } = useTable({
    ...{ resource: resources[kind] ?? pods, namespace },
  });
  return useMemo(
    () => ({ items, columns, isComplete, problem }),
    [items, columns, isComplete, problem],
  );
}

function objectsOf(
  kind: string,
  { items, columns }: TableSnapshot,
  noteColumn: string,
): TopologyObject[] {
  return items.map((row) => {
    const note = cellOf(row, columns, noteColumn);
    return { kind, metadata: row.metadata, note, tone: toneOfNote(kind, note) };
  });
}

function toneOfNote(kind: string, note: string): Tone {
  if (kind === 'Pod') return toneOf(note);
  const [ready, wanted] = note.split('/');
  if (wanted === undefined) return 'plain';
  return ready === wanted ? 'good' : 'busy';
}

function Picture({
  topology,
  namespace,
}: {
  readonly topology: Topology;
  readonly namespace: string;
}) {
  const { boxes, lines, rowCount } = topology;
  const byKey = new Map(boxes.map((box) => [box.key, box]));
  const width = columnWidth * (topologyColumns.length - 1) + boxWidth + 20;
  const height = top + rowCount * rowHeight + 10;
  return (
    <svg width={width} height={height} aria-label={`What belongs to what in ${namespace}`}>
      <title>What belongs to what in {namespace}</title>
      {topologyColumns.map((title, at) => (
        <text key={title} class="column-title" x={10 + at * columnWidth} y={18}>
          {title}
        </text>
      ))}
      {lines.map(({ from, to }) => (
        <Line key={`${from} ${to}`} from={byKey.get(from)} to={byKey.get(to)} />
      ))}
      {boxes.map((box) => (
        <Box key={box.key} box={box} namespace={namespace} />
      ))}
    </svg>
  );
}

function placeOf({ column, row }: TopologyBox) {
  return { x: 10 + column * columnWidth, y: top + row * rowHeight };
}

function Line(props: {
  readonly from: TopologyBox | undefined;
  readonly to: TopologyBox | undefined;
}) {
  const { from, to } = props;
  if (from === undefined || to === undefined) return null;
  const start = placeOf(from);
  const end = placeOf(to);
  const [x1, y1] = [start.x + boxWidth, start.y + boxHeight / 2];
  const [x2, y2] = [end.x, end.y + boxHeight / 2];
  const bend = (x1 + x2) / 2;
  return <path class="line" d={`M${x1},${y1} C${bend},${y1} ${bend},${y2} ${x2},${y2}`} />;
}

function Box({ box, namespace }: { readonly box: TopologyBox; readonly namespace: string }) {
  const { kind, metadata, tone, note } = box.object;
  const { x, y } = placeOf(box);
  const { name } = metadata;
  const noteText = note.length > 12 ? `${note.slice(0, 11)}…` : note;
  const room = 28 - noteText.length;
  return (
    <a href={linkToObject({ ...(resources[kind] ?? pods), namespace, name })}>
      <title>{`${kind} ${name}: ${note}`}</title>
      <rect class={`box ${tone}`} x={x} y={y} width={boxWidth} height={boxHeight} rx={5} />
      <text class="box-name" x={x + 8} y={y + 17}>
        {name.length > room ? `${name.slice(0, room - 1)}…` : name}
      </text>
      <text class="box-note" x={x + boxWidth - 8} y={y + 17}>
        {noteText}
      </text>
    </a>
  );
}
