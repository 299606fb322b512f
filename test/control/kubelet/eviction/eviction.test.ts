import t from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { rankForEviction } from '../../../../src/control/kubelet/eviction/rank.js';
import { crossings } from '../../../../src/control/kubelet/eviction/signals.js';
import type { NodeUsage } from '../../../../src/control/kubelet/kubelet-view.js';

function pod(name: string, requestMi: number, priority = 0): Pod {
  const resources = { requests: { memory: `${requestMi}Mi` } };
  return {
    metadata: { name },
    spec: { priority, containers: [{ name: 'a', ...(requestMi === 0 ? {} : { resources }) }] },
  };
}

const mebi = 2 ** 20;

t.test(
  'rankForEviction: who exceeds its request first, then by priority, then by excess',
  async (t) => {
    const candidates = [
      { pod: pod('within', 100), usedBytes: 90 * mebi },
      { pod: pod('within-and-low', 100, -10), usedBytes: 10 * mebi },
      { pod: pod('over', 10), usedBytes: 30 * mebi },
      { pod: pod('over-and-high', 10, 100), usedBytes: 500 * mebi },
      { pod: pod('over-more', 0), usedBytes: 40 * mebi },
    ];
    const order = ['over-more', 'over', 'over-and-high', 'within-and-low', 'within'];
    for (let turn = 0; turn < candidates.length; turn++) {
      candidates.push(...candidates.splice(0, 1));
      const ranked = rankForEviction(candidates, 'memory');
      t.same(
        ranked.map(({ pod }) => pod.metadata.name),
        order,
      );
    }
  },
);

const disk = { capacityBytes: 1000, availableBytes: 400, usedBytes: 600, inodes: 0, inodesFree: 0 };
const usage: NodeUsage = {
  ...{ timestampMs: 0, startedAtMs: 0, cpuNanoseconds: 0, pageFaults: 0, majorPageFaults: 0 },
  ...{ memoryTotalBytes: 1000, memoryAvailableBytes: 99, memoryWorkingSetBytes: 901 },
  ...{ memoryUsageBytes: 901, memoryRssBytes: 900, interfaces: [] },
  ...{ fileSystem: disk, imageFileSystem: { ...disk, availableBytes: 100 } },
  processes: { count: 95, max: 100 },
};

const rows: readonly (readonly [Record<string, string>, readonly string[]])[] = [
  [{}, []],
  [{ 'memory.available': '99' }, []],
  [{ 'memory.available': '100' }, ['MemoryPressure']],
  [{ 'memory.available': '9%' }, []],
  [{ 'memory.available': '10%' }, ['MemoryPressure']],
  [{ 'nodefs.available': '40%', 'imagefs.available': '15%' }, ['DiskPressure']],
  [{ 'nodefs.inodesFree': '5%' }, []],
  [{ 'pid.available': '6' }, ['PIDPressure']],
  [{ 'pid.available': '5%', 'memory.available': '1Ki' }, ['MemoryPressure']],
];
for (const [thresholds, conditions] of rows) {
  t.test(`crossings: ${JSON.stringify(thresholds)} gives [${conditions}]`, async (t) => {
    const crossed = crossings(thresholds, usage);
    t.same(
      crossed.map(({ row }) => row.condition),
      conditions,
    );
    for (const { available, threshold } of crossed) t.ok(available < threshold);
  });
}
