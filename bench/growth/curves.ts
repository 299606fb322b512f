import { formatNumber } from '../../src/cmd/bench/report-text.js';
import { Maintenance } from '../../src/wire/index.js';
import { RawClient } from '../../test/e2e/raw-client.js';
import { fillKeys, restartMember } from '../side-by-side/many-keys.js';
import type { Side } from '../side-by-side/side.js';
import { compactEvery } from './compactor.js';
import { type Curve, loadRow, withSide } from './curve.js';
import { grantLeases } from './leases.js';

const members = 3;
const eightByHundred = { conns: '8', clients: '800', targetLeader: true };
const mebibyte = 1 << 20;
/** Values under way at a time, all clients together. */
const bytesUnderWay = 64 * mebibyte;

/** Puts and linearizable ranges by the number of members. */
const membersCurve: Curve = {
  name: 'members',
  sizes: [1, 3, 5, 7],
  largeSizes: [],
  measure: (size, options) =>
    withSide(options, size, async (side) => [
      await loadRow(side, {
        ...{ name: `${size} members, put 256 B`, seconds: options.seconds },
        ...{ command: 'put', series: 'put', flags: eightByHundred },
      }),
      await loadRow(side, {
        ...{ name: `${size} members, range`, seconds: options.seconds },
        ...{ command: 'range', series: 'range', flags: eightByHundred },
      }),
    ]),
};

/** Puts by the size of their values. */
const valuesCurve: Curve = {
  name: 'values',
  sizes: [100, 1024, 10 * 1024, 100 * 1024, mebibyte],
  largeSizes: [],
  measure: (size, options) =>
    withSide(options, members, async (side) => {
      const clients = String(Math.min(800, Math.max(8, Math.floor(bytesUnderWay / size))));
      const flags = { ...eightByHundred, clients, keySpace: '100', valueSize: String(size) };
      const name = `values of ${size.toLocaleString('en-US')} B, ${clients} clients`;
      const load = { command: 'put', series: 'put', flags, seconds: options.seconds };
      const row = await loadRow(side, { name, ...load });
      return [{ ...row, note: `${formatNumber(((row.perSecond ?? 0) * size) / mebibyte)} MiB/s` }];
    }),
};

/** Filling, memory, ranges and a restart by the number of keys of 256 bytes. */
const keysCurve: Curve = {
  name: 'keys',
  sizes: [10_000, 100_000, 1_000_000],
  largeSizes: [5_000_000],
  measure: (size, options) =>
    withSide(options, members, async (side) => {
      const count = `${size.toLocaleString('en-US')} keys`;
      const emptyMiB = side.memoryMiB();
      const keysPerSecond = await fillKeys(side, size, 256);
      const memoryMiB = side.memoryMiB();
      const perKey = Math.round(((memoryMiB - emptyMiB) * mebibyte) / size);
      const flags = { conns: '8', clients: '8', keySpace: String(size), targetLeader: true };
      const { seconds } = options;
      const load = { command: 'range', series: 'range', flags, seconds };
      const range = await loadRow(side, { name: `${count}, range, 8 clients`, ...load });
      const restartMs = await restartMember(side);
      return [
        {
          ...{ name: `${count}, fill`, perSecond: keysPerSecond },
          note: `${Math.round(memoryMiB)} MiB a member, ${perKey} B a key more than empty`,
        },
        range,
        {
          name: `${count}, restart of a member`,
          note: `${Math.round(restartMs)} ms until serving`,
        },
      ];
    }),
};

/** Events by the number of watchers: all on one key, and each on a key of its own. */
const watchersCurve: Curve = {
  name: 'watchers',
  sizes: [1, 10, 100, 1000, 10_000],
  largeSizes: [100_000],
  measure: (size, options) =>
    withSide(options, members, async (side) => {
      const watchers = String(size);
      const spread = { watchers, keySpace: watchers, conns: '9', clients: '9', rate: '500' };
      const fanOut = { watchers, keySpace: '1', conns: '9', clients: '9' };
      const count = `${size.toLocaleString('en-US')} watchers`;
      const { seconds } = options;
      const load = { command: 'watch', series: 'delivery', seconds };
      return [
        await loadRow(side, { ...load, name: `${count} on one key, events`, flags: fanOut }),
        await loadRow(side, { ...load, name: `${count}, a key each, 500 puts/s`, flags: spread }),
      ];
    }),
};

/** Renewals and puts beside so many other leases. */
const leasesCurve: Curve = {
  name: 'leases',
  sizes: [100, 10_000],
  largeSizes: [100_000],
  measure: (size, options) =>
    withSide(options, members, async (side) => {
      const granted = await grantLeases(side, size);
      const count = `${size.toLocaleString('en-US')} leases`;
      const { seconds } = options;
      return [
        { name: `${count}, grant`, perSecond: granted },
        await loadRow(side, {
          ...{ name: `${count}, keep-alive of 800 more`, seconds, flags: eightByHundred },
          ...{ command: 'lease-keepalive', series: 'keepalive' },
        }),
        await loadRow(side, {
          ...{ name: `${count}, put 256 B`, seconds, flags: eightByHundred },
          ...{ command: 'put', series: 'put' },
        }),
      ];
    }),
};

/** Puts over a history of so many revisions, compacted all the time. */
const historyCurve: Curve = {
  name: 'history',
  sizes: [100_000, 1_000_000],
  largeSizes: [10_000_000],
  measure: (size, options) =>
    withSide(options, members, async (side) => {
      const compactor = await compactEvery(side, { everyMs: 1000, keptRevisions: 10_000 });
      try {
        const flags = { ...eightByHundred, total: String(size) };
        const name = `${size.toLocaleString('en-US')} revisions, put 256 B`;
        const load = { command: 'put', series: 'put', flags, seconds: options.seconds };
        const row = await loadRow(side, { name, ...load });
        const database = `${formatNumber((await databaseBytes(side)) / mebibyte)} MiB database`;
        const memory = `${Math.round(side.memoryMiB())} MiB a member`;
        return [{ ...row, note: `${compactor.count} compactions, ${database}, ${memory}` }];
      } finally {
        await compactor.stop();
      }
    }),
};

async function databaseBytes(side: Side): Promise<number> {
  const client = new RawClient((await side.leader()).endpoint);
  try {
    return (await client.call(Maintenance.methods.Status, {})).dbSize;
  } finally {
    client.close();
  }
}

/** All curves. */
export const curves: readonly Curve[] = [
  membersCurve,
  valuesCurve,
  keysCurve,
  watchersCurve,
  leasesCurve,
  historyCurve,
];
