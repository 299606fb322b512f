import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { KubeObject } from '../../machinery/object.js';
import type { ServerWrites } from '../registry/server-writes.js';

/** Something that must be in the cluster before it is of use. Any number of replicas may run it at once, and again. */
export interface BootstrapStep {
  readonly name: string;
  run(): Promise<void>;
}

const retryMsMin = 100;
const retryMsMax = 10_000;
/** Steps that still fail after waiting this long are told of. */
const worryMs = 1000;

/** The namespaces that every cluster has. */
const systemNamespaces = ['kube-system', 'kube-public', 'kube-node-lease', 'default'] as const;

/** The two priority classes that only the system may use. */
const priorityClasses = [
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description: 'For pods that the cluster needs, which may move to another node if necessary.',
  },
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'For pods that a node needs and that must not move.',
  },
] as const;

/** The steps that need nothing but the server's own writes. */
export function basicSteps(writes: ServerWrites): readonly BootstrapStep[] {
  const namespaces = { group: '', resource: 'namespaces' };
  const classes = { group: 'scheduling.k8s.io', resource: 'priorityclasses' };
  return [
    {
      name: 'start-system-namespaces-controller',
      run: async () => {
        for (const name of systemNamespaces) {
          await writes.ensure(namespaces, '', {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name },
          });
        }
      },
    },
    {
      name: 'scheduling/bootstrap-system-priority-classes',
      run: async () => {
        for (const { name, value, description } of priorityClasses) {
          const priorityClass = {
            apiVersion: 'scheduling.k8s.io/v1',
            kind: 'PriorityClass',
            metadata: { name },
            value,
            description,
          } as KubeObject;
          await writes.ensure(classes, '', priorityClass);
        }
      },
    },
  ];
}

/** What running steps needs. */
export interface BootstrapOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly onDone: (name: string) => void;
}

/** Runs all steps, each until it succeeds or `signal` aborts: the store, or what another step makes, may not be there yet. */
export async function runBootstrap(
  steps: readonly BootstrapStep[],
  options: BootstrapOptions,
): Promise<void> {
  await Promise.all(steps.map((step) => runStep(step, options)));
}

async function runStep(step: BootstrapStep, options: BootstrapOptions): Promise<void> {
  const { clock, logger, signal, onDone } = options;
  for (let waitMs = retryMsMin; !signal.aborted; waitMs = Math.min(waitMs * 2, retryMsMax)) {
    try {
      await step.run();
      onDone(step.name);
      return;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const fields = { step: step.name, error: text };
      // At first it is usually another step or another replica that is waited for.
      if (waitMs < worryMs) logger.debug('a step of the start is tried again', fields);
      else logger.warn('a step of the start failed and is tried again', fields);
      await sleep(clock, waitMs, signal).catch(() => {});
    }
  }
}
