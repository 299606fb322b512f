/**
 * What a change makes of a pod's cost: `node dist/bench/control/cluster-pair.js BEFORE AFTER [--parts all|scheduling]`, both folders with a `bin`
 * and a `dist` of their own.
 * Two whole clusters run side by side and make pods in turn, so that whatever else the machine does falls on both. Printed: milliseconds of
 * processor time a pod, the first quartile and the median of all turns, and the median of the ratios of turns that followed each other.
 */
import { parseArgs } from 'node:util';
import { PairSide } from './cluster/pair-side.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    turns: { type: 'string', default: '16' },
    pods: { type: 'string', default: '300' },
    nodes: { type: 'string', default: '200' },
    parts: { type: 'string', default: 'all' },
  },
});
const [before, after] = positionals;
if (before === undefined || after === undefined) throw new Error('two folders are wanted');

const warmUpTurns = 3;
const podsOfTurn = Number(values.pods);

const load = {
  nodes: Number(values.nodes),
  parts: values.parts === 'scheduling' ? 'scheduling' : 'all',
} as const;
const a = await PairSide.start(before, load);
const b = await PairSide.start(after, load);
for (const side of [a, b])
  for (let turn = 0; turn < warmUpTurns; turn++) await side.turn(podsOfTurn);
const costs: [Map<string, number>, Map<string, number>][] = [];
for (let turn = 0; turn < Number(values.turns); turn++) {
  // Each is first in every other turn.
  const first = turn % 2 === 0 ? await a.turn(podsOfTurn) : null;
  const second = await b.turn(podsOfTurn);
  costs.push([first ?? (await a.turn(podsOfTurn)), second]);
}
for (const name of costs[0]?.[0].keys() ?? []) {
  const of = (side: 0 | 1) => costs.map((pair) => pair[side].get(name) ?? 0);
  const shown = ([0, 1] as const).map((side) => {
    const [quarter, half] = [quantile(of(side), 0.25), quantile(of(side), 0.5)];
    return `${quarter.toFixed(2)} ${half.toFixed(2)}`;
  });
  const ratio = quantile(
    costs.map((pair) => (pair[1].get(name) ?? 0) / (pair[0].get(name) ?? 0)),
    0.5,
  );
  console.log([name.padEnd(20), ...shown, ratio.toFixed(3)].join('   '));
}
for (const side of [a, b]) {
  console.log(side.memory());
  await side.stop();
}
process.exit(0);

function quantile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((x, y) => x - y);
  return sorted[Math.floor((sorted.length - 1) * at)] ?? 0;
}
