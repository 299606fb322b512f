import t from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import {
  NodePressure,
  type NodePressureParts,
} from '../../../../src/control/kubelet/eviction/node-pressure.js';
import type { PodFailure } from '../../../../src/control/kubelet/pods/pod-worker-parts.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { observedOf, podOf } from '../pods/observed.js';

const capacityBytes = 1000;
const thresholds = { 'nodefs.available': '10%' };

/** A pod on the node, what its container has written, and whether it is over. */
interface Tenant {
  readonly name: string;
  readonly writtenBytes: number;
  readonly phase: 'Running' | 'Failed';
}

/** A node with these pods, whose disk is as full as they have made it. */
function nodeWith(tenants: readonly Tenant[]) {
  const evicted: string[] = [];
  const removed: string[] = [];
  const observed = new Map(
    tenants.map(({ name, phase }) => {
      const pod = podOf({ containers: [{ name: 'app', image: 'a:1' }] });
      const words =
        phase === 'Failed' ? ['sandbox:0:down', 'app:0:exited:137'] : ['sandbox', 'app:running'];
      const seen = observedOf(pod, words);
      const containers = seen.containers.map((each) => ({ ...each, id: `of-${name}` }));
      return [name, { ...seen, uid: name, containers }];
    }),
  );
  const workers = tenants.map(({ name, phase }) => {
    const pod: Pod = { metadata: { name, uid: name }, spec: { containers: [] }, status: { phase } };
    const fail = (_: PodFailure) => evicted.push(name);
    return { uid: name, pod, isActive: phase === 'Running', isEnded: phase === 'Failed', fail };
  });
  const left = () => tenants.filter(({ name }) => !removed.includes(name));
  const space = () => {
    const usedBytes = left().reduce((sum, { writtenBytes }) => sum + writtenBytes, 0);
    const availableBytes = capacityBytes - usedBytes;
    return { capacityBytes, usedBytes, availableBytes, inodes: 0, inodesFree: 0 };
  };
  const parts = {
    clock: new ManualClock(),
    events: { event: () => {} },
    settings: { evictionHard: thresholds, evictionSoft: {}, evictionPressureTransitionMs: 0 },
    view: {
      nodeUsage: async () => ({
        ...{ memoryTotalBytes: 1, memoryAvailableBytes: 1, processes: { count: 1, max: 9 } },
        ...{ fileSystem: space(), imageFileSystem: space() },
      }),
      volumeUsage: async () => [],
    },
    runtime: {
      containerStats: async () =>
        left().map(({ name, writtenBytes }) => ({
          ...{ containerId: `of-${name}`, rootfsUsedBytes: writtenBytes },
        })),
    },
    images: { free: async () => 0 },
    upkeep: {
      collectEnded: async (uids: Iterable<string>) => {
        const news = [...uids].filter((uid) => !removed.includes(uid));
        removed.push(...news);
        return news.length;
      },
    },
    workers: { all: () => workers, get: (uid: string) => workers.find((each) => each.uid === uid) },
    watch: { pods: observed },
    onChange: () => {},
  };
  return { pressure: new NodePressure(parts as unknown as NodePressureParts), evicted, removed };
}

const rows: readonly {
  readonly title: string;
  readonly tenants: readonly Tenant[];
  readonly removed: readonly string[];
  readonly evicted: readonly string[];
}[] = [
  {
    title: 'there is room: nothing goes',
    tenants: [
      { name: 'over', writtenBytes: 500, phase: 'Failed' },
      { name: 'small', writtenBytes: 10, phase: 'Running' },
    ],
    removed: [],
    evicted: [],
  },
  {
    title: 'what a pod that is over has written goes first, and is enough',
    tenants: [
      { name: 'over', writtenBytes: 900, phase: 'Failed' },
      { name: 'small', writtenBytes: 10, phase: 'Running' },
    ],
    removed: ['over'],
    evicted: [],
  },
  {
    title: 'it is not enough: who has written most goes too',
    tenants: [
      { name: 'over', writtenBytes: 10, phase: 'Failed' },
      { name: 'small', writtenBytes: 20, phase: 'Running' },
      { name: 'large', writtenBytes: 900, phase: 'Running' },
    ],
    removed: ['over'],
    evicted: ['large'],
  },
  {
    title: 'nobody is over',
    tenants: [
      { name: 'large', writtenBytes: 900, phase: 'Running' },
      { name: 'small', writtenBytes: 20, phase: 'Running' },
    ],
    removed: [],
    evicted: ['large'],
  },
];
for (const { title, tenants, removed, evicted } of rows) {
  t.test(`NodePressure on a disk: ${title}`, async (t) => {
    const node = nodeWith(tenants);
    await node.pressure.check();
    t.same(node.removed, removed);
    t.same(node.evicted, evicted);
  });
}
