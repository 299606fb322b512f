import type { Node, Pod, PodSpec } from '../../../src/control/api/gen/core-v1.js';
import type { ObjectMeta } from '../../../src/control/machinery/object.js';

/** A node that is ready: 4 processors, 32 GiB and 110 pods unless it says otherwise. */
export function nodeOf(
  name: string,
  {
    labels = {},
    allocatable = {},
    ...spec
  }: {
    readonly labels?: Record<string, string>;
    readonly allocatable?: Record<string, string>;
    readonly unschedulable?: boolean;
    readonly taints?: { key: string; value?: string; effect: string }[];
  } = {},
): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec,
    status: {
      allocatable: { cpu: '4', memory: '32Gi', pods: '110', ...allocatable },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

/** A pod of the default scheduler that asks for so much. */
export function podOf(
  name: string,
  {
    requests = { cpu: '100m', memory: '500Mi' },
    metadata = {},
    ...spec
  }: Omit<PodSpec, 'containers'> & {
    readonly requests?: Record<string, string>;
    readonly metadata?: ObjectMeta;
  } = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...metadata },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [{ name: 'main', image: 'registry.test/pause', resources: { requests } }],
      ...spec,
    },
    status: { phase: 'Pending' },
  };
}
