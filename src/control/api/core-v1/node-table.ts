import type { Node } from '../gen/core-v1.js';
import type { TableLayout } from '../kind-definition.js';
import { ageColumn, ageOf, column, nameColumn, wideColumn } from './table.js';

/** How `kubectl get nodes` shows a node. */
export const nodeTable: TableLayout<Node> = {
  columns: [
    nameColumn,
    column('Status', 'Whether the node is ready for pods.'),
    column('Roles', 'What the node is for.'),
    ageColumn,
    column('Version', 'The version of the kubelet.'),
    wideColumn('Internal-IP', 'The address within the cluster.'),
    wideColumn('External-IP', 'The address for the outside.'),
    wideColumn('OS-Image', 'The operating system.'),
    wideColumn('Kernel-Version', 'The version of the kernel.'),
    wideColumn('Container-Runtime', 'What runs the containers.'),
  ],
  cells: (node, nowMs) => {
    const info = node.status?.nodeInfo;
    return [
      node.metadata.name ?? '',
      statusOf(node),
      rolesOf(node),
      ageOf(node.metadata.creationTimestamp, nowMs),
      info?.kubeletVersion ?? '',
      addressOf(node, 'InternalIP'),
      addressOf(node, 'ExternalIP'),
      info?.osImage || '<unknown>',
      info?.kernelVersion || '<unknown>',
      info?.containerRuntimeVersion || '<unknown>',
    ];
  },
};

function statusOf({ spec, status }: Node): string {
  const ready = status?.conditions?.findLast(({ type }) => type === 'Ready');
  const word = ready?.status === 'True' ? 'Ready' : 'NotReady';
  const first = ready === undefined ? 'Unknown' : word;
  return spec?.unschedulable ? `${first},SchedulingDisabled` : first;
}

const rolePrefix = 'node-role.kubernetes.io/';

function rolesOf({ metadata }: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key !== rolePrefix) roles.add(key.slice(rolePrefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',');
}

function addressOf({ status }: Node, type: string): string {
  return status?.addresses?.find((address) => address.type === type)?.address ?? '<none>';
}
