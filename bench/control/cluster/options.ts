import { parseArgs } from 'node:util';

/** What is measured. */
export interface ClusterBenchOptions {
  readonly nodes: number;
  readonly pods: number;
  /** Who makes the pods: this program over REST, or the controllers of Deployments of 100 pods each. */
  readonly by: 'pods' | 'deployments';
  /** Of the nodes' leases, which are renewed four times in as long. */
  readonly leaseSeconds: number;
  /** From the binding of a pod to its running containers, milliseconds. With 0 a node writes one status of a pod, else two. */
  readonly startMs: number;
  /** Whether the pods are deleted at the end, which is measured too. */
  readonly isDeleting: boolean;
  readonly isJson: boolean;
  /** Where each process writes its CPU profile; null: none is made. */
  readonly profileDir: string | null;
}

/** Reads the command line; throws for what it does not know. */
export function parseClusterOptions(words: readonly string[]): ClusterBenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      nodes: { type: 'string', default: '1000' },
      pods: { type: 'string', default: '5000' },
      by: { type: 'string', default: 'pods' },
      'lease-seconds': { type: 'string', default: '40' },
      'start-ms': { type: 'string', default: '0' },
      'no-delete': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const { by } = values;
  if (by !== 'pods' && by !== 'deployments') throw new Error('--by is pods or deployments');
  return {
    nodes: count(values.nodes, '--nodes'),
    pods: count(values.pods, '--pods'),
    by,
    leaseSeconds: count(values['lease-seconds'], '--lease-seconds'),
    startMs: count(values['start-ms'], '--start-ms', 0),
    isDeleting: !values['no-delete'],
    isJson: values.json,
    profileDir: values.profile ?? null,
  };
}

function count(text: string, name: string, least = 1): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`${name} is a number, not ${JSON.stringify(text)}`);
}
