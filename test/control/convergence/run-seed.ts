import { sleep } from '../../../src/base/clock.js';
import type { Logger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { startTestEnv } from '../../../src/cmd/testenv/index.js';
import {
  type ControlClient,
  readKubeconfig,
  resources,
} from '../../../src/control/client/index.js';
import { hostClock } from '../../../src/host/clock.js';
import { readState } from './cluster-state.js';
import { type ComponentName, Components, componentNames } from './components.js';
import { differencesOf } from './differences.js';
import { fastClock } from './fast-clock.js';
import { noFaults, type WayConditions, type WayFaults } from './faulty-way.js';
import { insist, insistOnMaking } from './insist.js';
import { RandomUser } from './user.js';
import { storageClass } from './workloads.js';
import { WriteCounts } from './write-counts.js';

/** What came of a seed. */
export interface SeedResult {
  /** Empty: all is as declared, at rest, and was brought there in few writes. */
  readonly problems: readonly string[];
  readonly actions: number;
  readonly faults: number;
  readonly kills: number;
  readonly writes: number;
  /** From the last fault until all was as declared. */
  readonly convergedSeconds: number;
  /** What differed when it was looked at for the last time before all was as declared. */
  readonly last: readonly string[];
  /** The writes that were made most often. */
  readonly most: readonly (readonly [what: string, times: number])[];
  /** What the user did. */
  readonly log: readonly string[];
}

const nodeNames = ['node-0', 'node-1', 'node-2'];
/** How much faster than the API server the components live. */
const speed = 8;
const actions = 90;
const patienceMs = 240_000;
/** So long nobody writes anything, of the machine's time. */
const quietMs = 2500;
/** Who has written without such a pause for so long writes for ever. */
const restlessMs = 60_000;
const unansweredMsMax = 60_000;
/** No object is written more often than this: an update and a status for each thing that may happen to it, and as much again for faults. */
const writesMax = 250;

/**
 * One history: a user's actions on a real API server, with every component behind a way that fails, and killed now and then. Then nothing
 * happens any more, and the cluster has to become what its objects declare, and to stay so without a write. What the threads of the
 * machine make of a seed differs from run to run; a seed that fails once in a while still is a defect.
 */
export async function runSeed(seed: number, logger: Logger): Promise<SeedResult> {
  const prng = new Prng(seed);
  const env = await startTestEnv({ namespaceDeletion: false, garbageCollection: false });
  const conditions: WayConditions = { faults: noFaults, writes: new WriteCounts(), faultCount: 0 };
  const bugs: string[] = [];
  const access = await readKubeconfig(env.kubeconfig);
  const components = new Components({
    ...{ access, conditions, clock: fastClock(speed), prng: prng.fork(), logger },
    rootCa: String(access.tls.ca ?? ''),
    nodes: nodeNames.length,
    onBug: (name: ComponentName, error: unknown) => {
      bugs.push(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
    },
  });
  try {
    const user = new RandomUser(env.client, prng.fork(), nodeNames);
    await prepare(env.client, user, prng);
    conditions.faults = randomFaults(prng);
    await disturb(user, components, prng);
    conditions.faults = noFaults;
    await user.settle();
    const settledMs = hostClock.now();
    const { differences, last } = await untilConverged(
      env.client,
      user.orphaned,
      () => bugs.length > 0,
    );
    const convergedSeconds = (hostClock.now() - settledMs) / 1000;
    const restless =
      differences.length === 0 ? await untilQuiet(env.client, conditions.writes) : [];
    const told = restless.length === 0 ? [] : await toldLast(env.client);
    const later =
      differences.length === 0 ? differencesOf(await readState(env.client), user.orphaned) : [];
    const most = conditions.writes.most(5);
    const excess = most.filter(([, times]) => times > writesMax);
    return {
      problems: [
        ...bugs,
        ...differences,
        ...components.unanswered(unansweredMsMax),
        ...restless.map((what) => `does not come to rest: ${what}`),
        ...told,
        ...later.map((what) => `does not stay: ${what}`),
        ...excess.map(([what, times]) => `${times} times: ${what}`),
      ],
      actions: user.log.length,
      ...{ faults: conditions.faultCount, kills: components.kills, log: user.log },
      ...{ writes: conditions.writes.total, convergedSeconds, most, last },
    };
  } finally {
    await components.stop();
    await env.close();
  }
}

/** Nodes, namespaces and a class of volumes, before anything goes wrong. */
async function prepare(client: ControlClient, user: RandomUser, prng: Prng): Promise<void> {
  const mode = prng.pick(['Immediate', 'WaitForFirstConsumer'] as const);
  await insistOnMaking(() => client.objects(resources.storageClasses).create(storageClass(mode)));
  await user.createNamespaces();
  const nodes = client.objects(resources.nodes);
  const endMs = hostClock.now() + patienceMs;
  while ((await insist(() => nodes.list())).items.length < nodeNames.length) {
    if (hostClock.now() > endMs) throw new Error('the nodes do not register');
    await sleep(hostClock, 20);
  }
}

/** Some seeds see much of one fault, some of all. */
function randomFaults(prng: Prng): WayFaults {
  const chance = (most: number) => (prng.chance(0.5) ? prng.float() * most : 0);
  return {
    refuse: chance(0.25),
    lose: chance(0.15),
    conflict: chance(0.2),
    delay: chance(0.3),
    delayMsMax: prng.pick([20, 200]),
    break: chance(0.05),
    expire: chance(0.5),
  };
}

async function disturb(user: RandomUser, components: Components, prng: Prng): Promise<void> {
  for (let i = 0; i < actions; i++) {
    await user.act();
    await sleep(hostClock, prng.pick([0, 0, 20, 100]));
    if (prng.chance(0.04)) await components.restart(prng.pick(componentNames));
  }
}

/** What differs in the end, empty when nothing does; and what did when it was looked at for the last time before. */
async function untilConverged(
  client: ControlClient,
  orphaned: ReadonlySet<string>,
  isOver: () => boolean,
): Promise<{ readonly differences: readonly string[]; readonly last: readonly string[] }> {
  const endMs = hostClock.now() + patienceMs;
  for (let last: readonly string[] = []; ; ) {
    const differences = differencesOf(await readState(client), orphaned);
    if (differences.length === 0 || isOver() || hostClock.now() > endMs)
      return { differences, last };
    last = differences;
    await sleep(hostClock, 250);
  }
}

/** The events that were told most often, for who wants to know what goes on. */
async function toldLast(client: ControlClient): Promise<readonly string[]> {
  const { items } = await insist(() => client.objects(resources.events).list());
  const countOf = (event: (typeof items)[number]) =>
    event.series?.count ?? event.deprecatedCount ?? 1;
  return [...items]
    .sort((a, b) => countOf(b) - countOf(a))
    .slice(0, 5)
    .map(
      (event) =>
        `event ${event.metadata.name}, ${countOf(event)} times: ${event.reason} ${event.note}`,
    );
}

/** What is written for ever; empty when nobody writes for a while. */
async function untilQuiet(client: ControlClient, writes: WriteCounts): Promise<readonly string[]> {
  const endMs = hostClock.now() + restlessMs;
  for (;;) {
    const fromMs = hostClock.now();
    await sleep(hostClock, quietMs);
    const excused = await remindersOf(client);
    const written = writes
      .since(fromMs)
      .filter((what) => !excused.some((each) => what.endsWith(each)));
    if (written.length === 0 || hostClock.now() > endMs) return [...new Set(written)];
  }
}

const reminders: ReadonlySet<string> = new Set(['WaitForFirstConsumer', 'FailedGetScale']);

/** The events that tell of a claim that nobody uses yet, or of a target that is not there: Kubernetes repeats them for ever, and so do we. */
async function remindersOf(client: ControlClient): Promise<readonly string[]> {
  const { items } = await insist(() => client.objects(resources.events).list());
  return items
    .filter(({ reason = '' }) => reminders.has(reason))
    .map(({ metadata }) => ` ${metadata.namespace}/${metadata.name}`);
}
