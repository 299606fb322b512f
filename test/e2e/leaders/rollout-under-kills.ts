import { Prng } from '../../../src/base/prng.js';
import { type Client, connect } from '../../../src/client/index.js';
import type { Deployment } from '../../../src/control/api/gen/apps-v1.js';
import {
  type ControlClient,
  connectRest,
  readKubeconfig,
  resources,
} from '../../../src/control/client/index.js';
import { hostClock } from '../../../src/host/clock.js';
import { until } from '../../client/until.js';
import type { TestScope } from '../cluster.js';
import { PodWitness } from './pod-witness.js';
import { type KillTarget, killTargets, ReplicatedPlane } from './replicated-plane.js';
import { writesBetween } from './writes-between.js';

/** How large, and how rough. */
export interface RolloutUnderKillsOptions {
  readonly deployments: number;
  readonly podsPerDeployment: number;
  /** Of the leaders of schedulers and controller managers. */
  readonly leaseSeconds: number;
  /** Between one kill and the next, at least. */
  readonly killEveryMs: number;
  /** So much has to happen to pods between one kill and the next, while the rollout goes on. */
  readonly podEventsPerKill: number;
  /** The rollout is over when everything is as declared and so many kills were made. */
  readonly killsMin: number;
  readonly seed: number;
  /** It has failed when nothing happens to any pod for so long. */
  readonly patienceMs: number;
}

/** What came of it. */
export interface RolloutUnderKillsResult {
  readonly violations: readonly string[];
  /** What was written before the first violation that the witness saw. */
  readonly writesBefore: readonly string[];
  readonly kills: ReadonlyMap<KillTarget, number>;
  readonly createdSeconds: number;
  readonly rolledOutSeconds: number;
  readonly podEvents: number;
  readonly podsMax: number;
  readonly liveMost: number;
  readonly readyFewest: number;
  /** How often a ready pod lost its node, which is no violation. */
  readonly lostWithNode: number;
  /** Successful bindings that the audit logs tell of. */
  readonly bindings: number;
}

const namespace = 'default';
const podsPerNode = 200;
/** Pods beyond and below what is declared, while it is rolled out: a tenth. */
const tenth = '10%';
/** So many revisions before a violation are told. */
const revisionsTold = 400;

/** Creates Deployments, rolls a new template out while leaders are killed, and tells what was seen. Rejects when it does not come to its end. */
export async function rolloutUnderKills(
  t: TestScope,
  options: RolloutUnderKillsOptions,
): Promise<RolloutUnderKillsResult> {
  const { deployments, podsPerDeployment, leaseSeconds } = options;
  const pods = deployments * podsPerDeployment;
  const nodes = Math.ceil((pods * 1.3) / podsPerNode) + 1;
  const plane = await ReplicatedPlane.forTest(t, { nodes, podsPerNode, leaseSeconds });
  const podsMax = podsPerDeployment + Math.ceil(podsPerDeployment / 10);
  const readyMin = podsPerDeployment - Math.floor(podsPerDeployment / 10);
  const witness = new PodWitness({ podsMax, readyMin, podsPerNode });
  const store = connect({ endpoints: plane.store.endpoints, timeouts: { requestMs: 60_000 } });
  t.teardown(() => store.close());
  await witness.start(store);
  const clients = await Promise.all(plane.kubeconfigs.map(connectTo));
  for (const client of clients) t.teardown(() => client.close());
  const run = new Run(options, plane, witness, clients);
  const createdSeconds = await run.create();
  witness.onComplete();
  const rolledOutSeconds = await run.rollOut();
  await settled(store, witness);
  const differences = await run.lastDifferences();
  await witness.stop();
  const { bindings, repeated } = boundTwice(await plane.auditLines());
  const { firstViolation: at } = witness;
  const told =
    at === null
      ? []
      : await writesBetween(store, { from: Math.max(1, at - revisionsTold), to: at });
  return {
    violations: [...witness.violations, ...repeated, ...differences],
    writesBefore: told,
    ...{ kills: plane.kills, createdSeconds, rolledOutSeconds, podEvents: witness.events },
    ...{ podsMax, liveMost: witness.liveMost, readyFewest: witness.readyFewest, bindings },
    lostWithNode: witness.lostWithNode,
  };
}

class Run {
  readonly #options: RolloutUnderKillsOptions;
  readonly #plane: ReplicatedPlane;
  readonly #witness: PodWitness;
  readonly #clients: readonly ControlClient[];
  readonly #apps: readonly string[];

  constructor(
    options: RolloutUnderKillsOptions,
    plane: ReplicatedPlane,
    witness: PodWitness,
    clients: readonly ControlClient[],
  ) {
    this.#options = options;
    this.#plane = plane;
    this.#witness = witness;
    this.#clients = clients;
    this.#apps = Array.from({ length: options.deployments }, (_, at) => `app-${at}`);
  }

  /** The first version, without kills. Returns the seconds. */
  async create(): Promise<number> {
    const from = performance.now();
    for (const app of this.#apps) {
      const made = deployment(app, this.#options.podsPerDeployment);
      await this.#insist((client) => client.objects(resources.deployments).create(made));
    }
    await this.#untilAllAre('v1');
    return (performance.now() - from) / 1000;
  }

  /** The second version, under kills. Returns the seconds. */
  async rollOut(): Promise<number> {
    const from = performance.now();
    const patch = { spec: { template: { metadata: { labels: { version: 'v2' } } } } };
    for (const name of this.#apps) {
      await this.#insist((client) =>
        client.objects(resources.deployments).patch({ namespace, name }, 'strategic', patch),
      );
    }
    const stop = new AbortController();
    const killing = this.#keepKilling(stop.signal);
    try {
      await this.#untilAllAre('v2');
    } finally {
      stop.abort();
      await killing;
    }
    await this.#untilAllAre('v2');
    return (performance.now() - from) / 1000;
  }

  /** What the API says that is not as it should be; empty as soon as nothing is, which the next leader may have to see to first. */
  async lastDifferences(): Promise<readonly string[]> {
    let found: readonly string[] = [];
    const endMs = performance.now() + 60_000;
    do {
      await this.#insist(async (client) => {
        found = await this.#differences(client);
      });
      if (found.length > 0) await pause(500);
    } while (found.length > 0 && performance.now() < endMs);
    return found;
  }

  async #differences(client: ControlClient): Promise<readonly string[]> {
    const { items } = await client.objects(resources.deployments).list({ namespace });
    const replicas = this.#options.podsPerDeployment;
    const wrong = items
      .filter(({ status }) => status?.replicas !== replicas || status.readyReplicas !== replicas)
      .map(({ metadata, status }) => `${metadata.name} has the status ${JSON.stringify(status)}`);
    const { bound } = this.#witness;
    const pods = replicas * this.#options.deployments;
    return bound === pods ? wrong : [...wrong, `${bound} pods in the store, not ${pods}`];
  }

  async #keepKilling(signal: AbortSignal): Promise<void> {
    const { killEveryMs, killsMin, podEventsPerKill, seed } = this.#options;
    const prng = new Prng(seed);
    for (let kills = 0; kills < killsMin || !signal.aborted; ) {
      const before = this.#witness.events;
      await pause(killEveryMs);
      // On a slow machine the next leader may not have got to work yet: killed before that, nothing would ever happen.
      while (!signal.aborted && this.#witness.events < before + podEventsPerKill) {
        await pause(100);
      }
      // Each kind in turn, so that few kills reach them all.
      const target = killTargets[(kills + seed) % killTargets.length] as KillTarget;
      if (await this.#plane.kill(target, prng)) kills++;
    }
  }

  async #untilAllAre(version: string): Promise<void> {
    const { podsPerDeployment, patienceMs } = this.#options;
    const isDone = (app: string) => {
      const { live, ready } = this.#witness.counts(app);
      return live === podsPerDeployment && ready.get(version) === podsPerDeployment;
    };
    let [seen, sinceMs] = [this.#witness.events, performance.now()];
    while (!this.#apps.every(isDone)) {
      await pause(500);
      const { events } = this.#witness;
      if (events > seen) [seen, sinceMs] = [events, performance.now()];
      if (performance.now() < sinceMs + patienceMs) continue;
      throw new Error(`not all are ${version}, and nothing happens: ${this.#progress()}`);
    }
  }

  #progress(): string {
    const told = this.#apps.map((app) => {
      const { live, ready } = this.#witness.counts(app);
      return `${app}: ${live} live, ready ${JSON.stringify([...ready])}`;
    });
    return [...told, ...this.#witness.violations].join('\n');
  }

  /** Asks one API server, then the other, until one has done it. */
  async #insist(ask: (client: ControlClient) => Promise<unknown>): Promise<void> {
    let last: unknown;
    await until(
      `an API server takes it: ${String(last)}`,
      async () => {
        for (const client of this.#clients) {
          try {
            await ask(client);
            return true;
          } catch (error) {
            last = error;
          }
        }
        return false;
      },
      60_000,
    );
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function connectTo(kubeconfig: string): Promise<ControlClient> {
  return connectRest(await readKubeconfig(kubeconfig), { clock: hostClock, userAgent: 'test' });
}

/** The store's own answer, so that what the witness has not been told yet is waited for. */
async function settled(store: Client, witness: PodWitness): Promise<void> {
  const { count } = await store.kv.range({ prefix: '/registry/pods/' }, { countOnly: true });
  await until('the witness has seen all pods', () => witness.bound === count);
}

/** Pods whose binding was answered with success more than once. */
function boundTwice(lines: readonly string[]): {
  readonly bindings: number;
  readonly repeated: readonly string[];
} {
  const seen = new Set<string>();
  const repeated: string[] = [];
  for (const line of lines) {
    // A line that a kill has cut in two is none.
    if (!line.startsWith('{') || !line.endsWith('}')) continue;
    const { objectRef, responseStatus } = JSON.parse(line) as AuditLine;
    if ((responseStatus?.code ?? 500) >= 300) continue;
    const name = `${objectRef?.namespace}/${objectRef?.name}`;
    if (seen.has(name)) repeated.push(`${name} was bound twice`);
    seen.add(name);
  }
  return { bindings: seen.size, repeated };
}

interface AuditLine {
  readonly objectRef?: { readonly namespace?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
}

function deployment(name: string, replicas: number): Deployment {
  const labels = { app: name };
  return {
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: tenth, maxUnavailable: tenth },
      },
      template: {
        metadata: { labels: { ...labels, version: 'v1' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'main', image: 'registry.test/main:1' }],
        },
      },
    },
  };
}
