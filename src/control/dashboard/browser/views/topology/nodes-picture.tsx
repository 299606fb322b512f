import { useMemo } from 'preact/hooks';
import { linkToObject } from '../../../model/page-route.js';
import { cellOf, compareTexts, type TableColumn, type TableRow } from '../../../model/table.js';
import { toneOf } from '../../../model/tone.js';
import { Badge } from '../../components/badge.js';
import { Problem } from '../../components/problem.js';
import { useSession, useTable } from '../../hooks.js';
import { nodes, pods } from '../../known-resources.js';

/** Pods that are drawn in all; of the others there is only the number. */
const squaresMax = 3000;
const nodesMax = 400;

/** Each node with a square for each of its pods. */
export function NodesPicture() {
  const { namespace } = useSession();
  const nodeTable = useTable({ resource: nodes, namespace: '' });
  const podTable = useTable({ resource: pods, namespace });
  const byNode = useMemo(
    () => groupByNode(podTable.items, podTable.columns),
    [podTable.items, podTable.columns],
  );
  const sorted = useMemo(
    () => [...nodeTable.items].sort((a, b) => compareTexts(a.metadata.name, b.metadata.name)),
    [nodeTable.items],
  );
  const isDrawn = podTable.items.length <= squaresMax;
  const names = new Set(sorted.map(({ metadata }) => metadata.name));
  const waiting = [...byNode].filter(([name]) => !names.has(name)).flatMap(([, rows]) => rows);
  return (
    <>
      <Problem problem={nodeTable.problem} />
      <Problem problem={podTable.problem} />
      {!isDrawn && (
        <p class="hint">There are too many pods to draw each: choose a namespace to see them.</p>
      )}
      <div class="node-grid">
        {sorted.slice(0, nodesMax).map((node) => (
          <NodeBox
            key={node.metadata.name}
            node={node}
            status={cellOf(node, nodeTable.columns, 'Status')}
            pods={byNode.get(node.metadata.name) ?? []}
            columns={podTable.columns}
            isDrawn={isDrawn}
          />
        ))}
        {waiting.length > 0 && (
          <section class="node-box" aria-label="On no node">
            <h2>On no node</h2>
            <Squares pods={waiting} columns={podTable.columns} isDrawn={isDrawn} />
          </section>
        )}
      </div>
      {sorted.length > nodesMax && <p class="hint">and {sorted.length - nodesMax} more nodes</p>}
    </>
  );
}

function NodeBox(props: {
  readonly node: TableRow;
  readonly status: string;
  readonly pods: readonly TableRow[];
  readonly columns: readonly TableColumn[];
  readonly isDrawn: boolean;
}) {
  const { name } = props.node.metadata;
  return (
    <section class="node-box" aria-label={name}>
      <h2>
        <a href={linkToObject({ ...nodes, namespace: '', name })}>{name}</a>{' '}
        <Badge text={props.status} />
      </h2>
      <Squares pods={props.pods} columns={props.columns} isDrawn={props.isDrawn} />
    </section>
  );
}

function Squares(props: {
  readonly pods: readonly TableRow[];
  readonly columns: readonly TableColumn[];
  readonly isDrawn: boolean;
}) {
  if (!props.isDrawn) return <p>{props.pods.length} pods</p>;
  return (
    <ul class="squares">
      {props.pods.map((pod) => {
        const { name, namespace = '' } = pod.metadata;
        const status = cellOf(pod, props.columns, 'Status');
        const text = `${namespace}/${name} ${status}`;
        return (
          <li key={pod.metadata.uid}>
            <a
              class={`square ${toneOf(status)}`}
              href={linkToObject({ ...pods, namespace, name })}
              title={text}
            >
              <span class="unseen">{text}</span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

function groupByNode(
  rows: readonly TableRow[],
  columns: readonly TableColumn[],
): ReadonlyMap<string, readonly TableRow[]> {
  const at = columns.findIndex(({ name }) => name === 'Node');
  const groups = new Map<string, TableRow[]>();
  for (const row of rows) {
    const node = String(row.cells[at] ?? '');
    const group = groups.get(node);
    if (group === undefined) groups.set(node, [row]);
    else group.push(row);
  }
  return groups;
}
