import t from 'tap';
import type { PluginSets } from '../../../../src/control/scheduler/config/scheduler-configuration.js';
import type { EnabledPlugin, Plugin } from '../../../../src/control/scheduler/framework/plugin.js';
import {
  mergedMultiPoint,
  neededPlugins,
  pointsOf,
} from '../../../../src/control/scheduler/runtime/plugin-sets.js';

const filter = () => null;
const score = () => 0;
const made: readonly Plugin[] = [
  { name: 'Sort', less: () => 0 },
  { name: 'A', filter, score },
  { name: 'B', filter, score },
  { name: 'C', score },
  { name: 'Bind', bind: () => Promise.resolve(null) },
];
const plugins = new Map(made.map((plugin) => [plugin.name, plugin]));
const defaults: readonly EnabledPlugin[] = [
  { name: 'Sort' },
  { name: 'A', weight: 2 },
  { name: 'B' },
  { name: 'Bind' },
];
const set = (enabled: readonly EnabledPlugin[], disabled: readonly string[] = []) => ({
  ...{ enabled, disabled },
});

const rows: readonly (readonly [
  title: string,
  sets: PluginSets,
  filters: readonly string[],
  scores: readonly string[],
])[] = [
  ['nothing', {}, ['A', 'B'], ['A*2', 'B*1']],
  [
    'one more everywhere',
    { multiPoint: set([{ name: 'C', weight: 5 }]) },
    ['A', 'B'],
    ['A*2', 'B*1', 'C*5'],
  ],
  [
    'another weight everywhere',
    { multiPoint: set([{ name: 'A', weight: 7 }]) },
    ['A', 'B'],
    ['A*7', 'B*1'],
  ],
  ['one less everywhere', { multiPoint: set([], ['A']) }, ['B'], ['B*1']],
  [
    'all others off',
    { multiPoint: set([{ name: 'Sort' }, { name: 'B' }, { name: 'Bind' }], ['*']) },
    ['B'],
    ['B*1'],
  ],
  ['one less at a point', { score: set([], ['A']) }, ['A', 'B'], ['B*1']],
  ['none at a point', { score: set([], ['*']) }, ['A', 'B'], []],
  ['a point with its own', { score: set([{ name: 'C', weight: 3 }], ['*']) }, ['A', 'B'], ['C*3']],
  [
    'a point that puts one first',
    { filter: set([{ name: 'B' }]), score: set([{ name: 'B', weight: 9 }, { name: 'C' }]) },
    ['B', 'A'],
    ['B*9', 'A*2', 'C*1'],
  ],
];

t.test('pointsOf puts plugins where the profile wants them', (t) => {
  for (const [title, sets, filters, scores] of rows) {
    const multiPoint = mergedMultiPoint(defaults, sets.multiPoint);
    const { at, weights } = pointsOf('p', multiPoint, sets, plugins);
    t.same(
      at.filter.map(({ name }) => name),
      filters,
      title,
    );
    t.same(
      at.score.map(({ name }) => `${name}*${weights.get(name)}`),
      scores,
      title,
    );
  }
  t.end();
});

t.test('pointsOf refuses profiles that cannot work', (t) => {
  const points = (sets: PluginSets) =>
    pointsOf('p', mergedMultiPoint(defaults, sets.multiPoint), sets, plugins);
  const refused: readonly (readonly [PluginSets, string])[] = [
    [
      { multiPoint: set([], ['Sort']) },
      'only one queue sort plugin required for profile with scheduler name "p", but got 0',
    ],
    [
      { multiPoint: set([], ['Bind']) },
      'at least one bind plugin is needed for profile with scheduler name "p"',
    ],
    [{ filter: set([{ name: 'C' }]) }, 'plugin "C" does not extend FilterPlugin plugin'],
    [
      { score: set([{ name: 'C' }, { name: 'C' }]) },
      'plugin "C" already registered as "ScorePlugin"',
    ],
  ];
  for (const [sets, message] of refused) t.throws(() => points(sets), { message });
  t.end();
});

t.test('neededPlugins names each plugin of a profile once', (t) => {
  const sets = { score: set([{ name: 'C' }, { name: 'A' }]) };
  t.same(neededPlugins(defaults, sets), ['Sort', 'A', 'B', 'Bind', 'C']);
  t.end();
});
