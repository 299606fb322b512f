import { Prng } from '../../../../src/base/prng.js';
import type { Node, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { type Rig, startRig } from '../rig.js';
import { noFaults, World } from './world.js';

/** How long a simulation is. */
export interface SimulationSize {
  readonly steps: number;
  readonly nodes: number;
}

/** What a simulation has seen. */
export interface SimulationReport {
  readonly violations: readonly string[];
  readonly bound: number;
  readonly evicted: number;
  readonly restarts: number;
}

const sizeDefault: SimulationSize = { steps: 120, nodes: 6 };
/** Longer than the longest pause, and than it takes until pods are tried again that nothing has helped. */
const settlingMs = 700_000;

/** One history of a whole scheduler with an API that fails: a function of the seed. */
export async function simulate(seed: number, size = sizeDefault): Promise<SimulationReport> {
  const clock = new ManualClock();
  const prng = new Prng(seed);
  const world = new World(clock, prng.fork());
  for (let i = 0; i < size.nodes; i++) world.addNode();
  const start = () => startRig(clock, { api: world.api, seed: prng.uint32() });
  let rig: Rig = start();
  let restarts = 0;
  for (let step = 0; step < size.steps; step++) {
    if (prng.chance(0.03)) {
      // The old one's calls under way are refused from now on.
      world.schedulerNumber++;
      await stop(rig, clock);
      rig = start();
      restarts++;
    }
    act(world, prng);
    await clock.advance(prng.pick([0, 5, 50, 500, 3000]));
    if (world.violations.length > 0) break;
  }
  world.faults = noFaults;
  await clock.advance(settlingMs);
  if (world.violations.length === 0) world.checkSettled();
  await stop(rig, clock);
  const { violations, bound, evicted } = world;
  return { violations, bound, evicted, restarts };
}

async function stop(rig: Rig, clock: ManualClock): Promise<void> {
  const stopped = rig.stop();
  await clock.advance(1000);
  await stopped;
}

function act(world: World, prng: Prng): void {
  const { api } = world;
  const nodes = world.nodes;
  const pods = world.pods;
  const kind = prng.int(0, 100);
  if (kind < 45) {
    for (let i = prng.int(1, 6); i > 0; i--) world.addPod();
  } else if (kind < 60 && pods.length > 0) {
    world.removePod(prng.pick(pods));
  } else if (kind < 68 && pods.length > 0) {
    const pod = prng.pick(pods);
    if (pod.spec?.nodeName !== undefined)
      api.put('pods', { ...pod, status: { ...pod.status, phase: 'Succeeded' } } as Pod);
  } else if (kind < 73) {
    world.addNode();
  } else if (kind < 77 && nodes.length > 2) {
    removeNode(world, prng.pick(nodes));
  } else if (kind < 83 && nodes.length > 0) {
    const node = prng.pick(nodes);
    const unschedulable = node.spec?.unschedulable !== true;
    api.put('nodes', { ...node, spec: { ...node.spec, unschedulable } } as Node);
  } else if (kind < 88) {
    api.breakWatches();
  } else if (kind < 91) {
    api.forgetHistory();
    api.breakWatches();
  } else {
    world.faults = prng.pick([
      noFaults,
      { lost: 0.1, unanswered: 0.1, refused: 0.1, conflicting: 0.1 },
      { lost: 0, unanswered: 0.5, refused: 0, conflicting: 0 },
      { lost: 0.3, unanswered: 0.3, refused: 0.3, conflicting: 0 },
    ]);
  }
}

/** Its pods go with it. */
function removeNode(world: World, { metadata }: Node): void {
  const { name = '' } = metadata;
  world.api.remove('nodes', name);
  for (const pod of world.podsOn(name)) world.removePod(pod);
}
