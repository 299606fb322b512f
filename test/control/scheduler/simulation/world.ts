import { type Clock, sleep } from '../../../../src/base/clock.js';
import type { Prng } from '../../../../src/base/prng.js';
import type { Node, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { UnreachableError } from '../../../../src/control/client/index.js';
import type { ApiCall } from '../../../../src/control/client/transport.js';
import { conflict, serviceUnavailable } from '../../../../src/control/machinery/status-errors.js';
import { MemoryApi } from '../memory-api.js';
import { nodeOf, podOf } from '../objects.js';
import { couldRun, overloadOf } from './capacity.js';

/** How badly things go: chances of each fault of a call. */
export interface CallFaults {
  /** It never arrives. */
  readonly lost: number;
  /** It is done, and the answer is lost. */
  readonly unanswered: number;
  readonly refused: number;
  readonly conflicting: number;
}

/** Everything works. */
export const noFaults: CallFaults = { lost: 0, unanswered: 0, refused: 0, conflicting: 0 };

const delayMsMax = 40;
/** An eviction that was decided may come so much later: its preemptor may be gone, or placed, by then. */
const evictionMsMax = 2000;
const zones = ['a', 'b', 'c'];
const colors = ['red', 'green', 'blue'];

/** An API in memory that fails, and what must hold of it at any moment. What is violated is collected. */
export class World {
  readonly api = new MemoryApi();
  readonly violations: string[] = [];
  faults: CallFaults = noFaults;
  /** Calls of schedulers before this one are refused, as the fence of the election has it. */
  schedulerNumber = 0;
  bound = 0;
  evicted = 0;
  readonly #clock: Clock;
  readonly #prng: Prng;
  #named = 0;
  /** Pods that stopped to wait for a node, and when. */
  readonly #left: { readonly priority: number; readonly atMs: number }[] = [];

  constructor(clock: Clock, prng: Prng) {
    this.#clock = clock;
    this.#prng = prng;
    this.api.carry = (call, apply) => this.#carry(call, apply);
    this.api.watchPause = (signal) => sleep(clock, prng.int(0, delayMsMax), signal).catch(() => {});
    this.api.onBound = (pod) => this.#onBound(pod);
  }

  get nodes(): readonly Node[] {
    return [...this.api.objects<Node>('nodes').values()];
  }

  get pods(): readonly Pod[] {
    return [...this.api.objects<Pod>('pods').values()];
  }

  /** The pods that use a node. */
  podsOn(nodeName: string): readonly Pod[] {
    return this.pods.filter(
      ({ spec, status }) => spec?.nodeName === nodeName && status?.phase !== 'Succeeded',
    );
  }

  get pending(): readonly Pod[] {
    return this.pods.filter(({ spec }) => (spec?.nodeName ?? '') === '');
  }

  addNode(name = `node-${++this.#named}`): void {
    const zone = this.#prng.pick(zones);
    const node = nodeOf(name, {
      labels: { 'topology.kubernetes.io/zone': zone },
      allocatable: { cpu: this.#prng.pick(['2', '4']), memory: '8Gi', pods: '6' },
    });
    this.api.put('nodes', node);
  }

  addPod(): void {
    const prng = this.#prng;
    const color = prng.pick(colors);
    const antiAffinity = {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: { color } }, topologyKey: 'kubernetes.io/hostname' },
        ],
      },
    };
    const isApart = prng.chance(0.15);
    const hasPort = !isApart && prng.chance(0.15);
    const ports = [{ containerPort: 80, hostPort: 8000 + prng.int(0, 3), protocol: 'TCP' }];
    const requests = { cpu: prng.pick(['100m', '500m', '1', '2']), memory: '500Mi' };
    const pod = podOf(`pod-${++this.#named}`, {
      // Only pods with the rule have the color: it works both ways.
      metadata: { labels: isApart ? { color } : {} },
      priority: prng.pick([0, 0, 0, 10, 100]),
      ...(isApart ? { affinity: antiAffinity } : {}),
    });
    const container = { name: 'main', image: 'registry.test/pause', resources: { requests } };
    const containers = [hasPort ? { ...container, ports } : container];
    this.api.put('pods', { ...pod, spec: { ...pod.spec, containers } } as Pod);
  }

  removePod({ metadata, ...pod }: Pod): void {
    this.#onLeft({ metadata, ...pod });
    this.api.remove('pods', `${metadata.namespace}/${metadata.name}`);
  }

  /** What must hold once nothing fails any more and time has passed. */
  checkSettled(): void {
    for (const pod of this.pending) {
      const { name } = pod.metadata;
      for (const node of this.nodes) {
        const others = this.podsOn(node.metadata.name ?? '');
        if (couldRun(pod, node, others))
          this.violations.push(`${name} starves: ${node.metadata.name} has room for it`);
        const staying = others.filter((other) => priorityOf(other) >= priorityOf(pod));
        if (staying.length < others.length && couldRun(pod, node, staying))
          this.violations.push(`${name} starves: it may preempt on ${node.metadata.name}`);
      }
    }
  }

  async #carry(call: ApiCall, apply: () => Uint8Array): Promise<Uint8Array> {
    const { schedulerNumber } = this;
    const chance = (probability: number) => this.#prng.chance(probability);
    await sleep(this.#clock, this.#prng.int(0, delayMsMax));
    if (schedulerNumber !== this.schedulerNumber)
      throw conflict({ group: '', resource: call.resource.resource }, '', 'another one leads');
    const { lost, unanswered, refused, conflicting } = this.faults;
    if (chance(lost)) throw new UnreachableError('the request was lost');
    if (chance(refused)) throw serviceUnavailable('not now');
    const isWrite = call.verb !== 'get' && call.verb !== 'list';
    if (isWrite && chance(conflicting))
      throw conflict({ group: '', resource: call.resource.resource }, call.place.name, 'not now');
    if (call.verb === 'delete' && call.resource.resource === 'pods') this.#onEvicted(call);
    const answer = apply();
    await sleep(this.#clock, this.#prng.int(0, delayMsMax));
    if (chance(unanswered)) throw new UnreachableError('the answer was lost');
    return answer;
  }

  #onLeft(pod: Pod): void {
    this.#left.push({ priority: priorityOf(pod), atMs: this.#clock.now() });
  }

  #onBound(pod: Pod): void {
    this.bound++;
    this.#onLeft(pod);
    const nodeName = pod.spec?.nodeName ?? '';
    const node = this.api.objects<Node>('nodes').get(nodeName);
    // A node may go while a binding is on its way.
    if (node === undefined) return;
    const overload = overloadOf(node, this.podsOn(nodeName));
    if (overload !== null) this.violations.push(`${pod.metadata.name} on ${nodeName}: ${overload}`);
  }

  #onEvicted({ place }: ApiCall): void {
    const victim = this.api.objects<Pod>('pods').get(`${place.namespace}/${place.name}`);
    if (victim === undefined) return;
    this.evicted++;
    const sinceMs = this.#clock.now() - evictionMsMax;
    const isFor =
      this.pending.some((pod) => priorityOf(pod) > priorityOf(victim)) ||
      this.#left.some(({ priority, atMs }) => priority > priorityOf(victim) && atMs >= sinceMs);
    if (!isFor) this.violations.push(`${place.name} was evicted for nobody that matters more`);
  }
}

function priorityOf({ spec }: Pod): number {
  return spec?.priority ?? 0;
}
