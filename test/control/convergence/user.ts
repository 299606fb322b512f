import type { Prng } from '../../../src/base/prng.js';
import {
  type ControlClient,
  resources,
  UnreachableError,
} from '../../../src/control/client/index.js';
import type { JsonObject } from '../../../src/control/machinery/json.js';
import { StatusError } from '../../../src/control/machinery/status.js';
import { autoscalers } from './autoscalers.js';
import { insist, insistOnMaking } from './insist.js';
import { workloadKinds } from './workloads.js';

const namespaces = ['red', 'green'];
const names = ['one', 'two', 'three'];
const kinds = [...workloadKinds, autoscalers, autoscalers];
const policies = ['Background', 'Background', 'Foreground', 'Orphan'] as const;

/** Somebody who makes, changes and deletes things at random, of which all names are few, so that much meets what is still going away. */
export class RandomUser {
  readonly #client: ControlClient;
  readonly #prng: Prng;
  readonly #nodes: readonly string[];
  /** What was done, in order. */
  readonly log: string[] = [];
  /** Services, by namespace and name, whose slices were to stay when they were deleted. */
  readonly orphaned = new Set<string>();

  constructor(client: ControlClient, prng: Prng, nodes: readonly string[]) {
    this.#client = client;
    this.#prng = prng;
    this.#nodes = nodes;
  }

  /** Does one thing. What the API refuses is not done. Rejects for refusals that nothing explains. */
  async act(): Promise<void> {
    const act = this.#prng.pick([
      ...Array.from({ length: 6 }, () => () => this.#create()),
      ...Array.from({ length: 6 }, () => () => this.#change()),
      ...Array.from({ length: 3 }, () => () => this.#delete()),
      ...Array.from({ length: 2 }, () => () => this.#deletePod()),
      () => this.#changeNode(),
      () => this.#changeNamespace(),
    ]);
    await this.#allowing(act);
  }

  /** Takes back what would keep the cluster from coming to rest: pauses, nodes that take no pods, schedules. */
  async settle(): Promise<void> {
    for (const namespace of namespaces) {
      await this.#patchAll('cronJobs', namespace, { spec: { suspend: true } });
      await this.#patchAll('deployments', namespace, { spec: { paused: false } });
    }
    for (const name of this.#nodes) {
      const patch = { spec: { unschedulable: null, taints: null } };
      await insist(() => this.#client.objects(resources.nodes).patch({ name }, 'merge', patch));
    }
  }

  async #patchAll(
    kind: 'cronJobs' | 'deployments',
    namespace: string,
    patch: JsonObject,
  ): Promise<void> {
    const objects = this.#client.objects<object & { metadata: { name?: string } }>(resources[kind]);
    const { items } = await insist(() => objects.list({ namespace }));
    for (const { metadata } of items) {
      const name = metadata.name ?? '';
      // It may be on its way out.
      await this.#allowing(() => insist(() => objects.patch({ namespace, name }, 'merge', patch)));
    }
  }

  #create(): Promise<unknown> {
    const { kind, namespace, name } = this.#something();
    this.log.push(`create ${kind.resource.resource} ${namespace}/${name}`);
    return this.#client.objects(kind.resource).create(kind.make(this.#prng, { namespace, name }));
  }

  async #change(): Promise<void> {
    const { kind, namespace, name } = this.#something();
    const patch = kind.change(this.#prng);
    if (patch === null) return;
    this.log.push(`change ${kind.resource.resource} ${namespace}/${name} ${JSON.stringify(patch)}`);
    await this.#client.objects(kind.resource).patch({ namespace, name }, 'merge', patch);
  }

  async #delete(): Promise<void> {
    const { kind, namespace, name } = this.#something();
    const propagationPolicy = this.#prng.pick(policies);
    this.log.push(`delete ${kind.resource.resource} ${namespace}/${name} ${propagationPolicy}`);
    if (kind.resource.resource === 'services' && propagationPolicy === 'Orphan') {
      this.orphaned.add(`${namespace}/${name}`);
    }
    await this.#client.objects(kind.resource).delete({ namespace, name }, { propagationPolicy });
  }

  async #deletePod(): Promise<void> {
    const namespace = this.#prng.pick(namespaces);
    const pods = this.#client.objects(resources.pods);
    const { items } = await insist(() => pods.list({ namespace }));
    if (items.length === 0) return;
    const name = this.#prng.pick(items).metadata.name ?? '';
    const gracePeriodSeconds = this.#prng.pick([0, 1, 30]);
    this.log.push(`delete pods ${namespace}/${name}`);
    await pods.delete({ namespace, name }, { gracePeriodSeconds });
  }

  async #changeNode(): Promise<void> {
    const name = this.#prng.pick(this.#nodes);
    const patch = this.#prng.pick<JsonObject>([
      { spec: { unschedulable: true } },
      { spec: { unschedulable: null } },
      { spec: { taints: [{ key: 'broken', effect: 'NoExecute' }] } },
      { spec: { taints: null } },
      { metadata: { labels: { pool: 'blue' } } },
      { metadata: { labels: { pool: 'grey' } } },
    ]);
    this.log.push(`change nodes ${name} ${JSON.stringify(patch)}`);
    await this.#client.objects(resources.nodes).patch({ name }, 'merge', patch);
  }

  /** They are there more often than not. */
  async #changeNamespace(): Promise<void> {
    const name = this.#prng.pick(namespaces);
    const objects = this.#client.objects(resources.namespaces);
    const deletes = this.#prng.chance(0.3);
    this.log.push(`${deletes ? 'delete' : 'create'} namespaces ${name}`);
    if (deletes) await objects.delete({ name });
    else await objects.create({ metadata: { name } });
  }

  /** The namespaces in which things happen. */
  async createNamespaces(): Promise<void> {
    const objects = this.#client.objects(resources.namespaces);
    for (const name of namespaces)
      await insistOnMaking(() => objects.create({ metadata: { name } }));
  }

  #something() {
    const kind = this.#prng.pick(kinds);
    return { kind, namespace: this.#prng.pick(namespaces), name: this.#prng.pick(names) };
  }

  async #allowing(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!isExpected(error)) throw error;
      this.log.push(`  refused: ${error.message}`);
    }
  }
}

/**
 * Things are there already, or not any more, or their namespace is going, or somebody was faster; finished jobs do not change; and a busy
 * machine is late.
 */
function isExpected(error: unknown): error is Error {
  if (error instanceof UnreachableError) return true;
  if (!(error instanceof StatusError)) return false;
  return [
    'Timeout',
    'ServerTimeout',
    'AlreadyExists',
    'NotFound',
    'Forbidden',
    'Conflict',
    'Invalid',
  ].includes(error.reason ?? '');
}
