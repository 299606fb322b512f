import { parseArgs } from 'node:util';
import type { KubernetesPrograms } from './kubernetes-plane.js';

/**
 * What runs. `all`: the control plane with all its controllers, and simulated nodes that write what becomes of pods. `scheduling`: store, API
 * server and scheduler alone, which is what Kubernetes was measured with; nodes are objects, and pods are done when they are bound.
 */
export type ClusterParts = 'all' | 'scheduling';

/** What is measured. */
export interface ClusterBenchOptions {
  readonly parts: ClusterParts;
  /** Whose programs are measured: Kubernetes', or (null) ours. */
  readonly kubernetes: KubernetesPrograms | null;
  /** Pods that are made and deleted before anything is measured, so that V8 has compiled what is measured. */
  readonly warmUpPods: number;
  readonly nodes: number;
  readonly pods: number;
  /** Requests of this program that wait for their answers at a time, while it makes objects; over 8 connections. */
  readonly inFlight: number;
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
      parts: { type: 'string', default: 'all' },
      kubernetes: { type: 'string' },
      etcd: { type: 'string', default: 'etcd' },
      'warm-up': { type: 'string', default: '0' },
      nodes: { type: 'string', default: '1000' },
      pods: { type: 'string', default: '5000' },
      'in-flight': { type: 'string', default: '64' },
      by: { type: 'string', default: 'pods' },
      'lease-seconds': { type: 'string', default: '40' },
      'start-ms': { type: 'string', default: '0' },
      'no-delete': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const { by, parts } = values;
  if (by !== 'pods' && by !== 'deployments') throw new Error('--by is pods or deployments');
  if (parts !== 'all' && parts !== 'scheduling') throw new Error('--parts is all or scheduling');
  if (parts === 'scheduling' && by === 'deployments') {
    throw new Error('without controllers nobody makes the pods of deployments');
  }
  const { kubernetes: dir, etcd } = values;
  return {
    parts,
    kubernetes: dir === undefined ? null : { dir, etcd },
    warmUpPods: count(values['warm-up'], '--warm-up', 0),
    nodes: count(values.nodes, '--nodes'),
    pods: count(values.pods, '--pods'),
    inFlight: count(values['in-flight'], '--in-flight'),
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
