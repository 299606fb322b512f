import { Counter, Gauge, type Registry } from 'prom-client';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { CachedStorage } from '../storage/index.js';

type Stats = ReturnType<CachedStorage['stats']>;
type Labels = Readonly<Record<string, string>>;

/** What one metric shows of a cache: its value, or several with labels of their own. */
interface Shown {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  values(stats: Stats): Iterable<readonly [more: Labels, value: number]>;
}

const one = (value: number): readonly (readonly [Labels, number])[] => [[{}, value]];

const counters: readonly Shown[] = [
  {
    name: 'apiserver_storage_events_received_total',
    help: 'Changes that the store told.',
    values: ({ counts }) => one(counts.eventsReceived),
  },
  {
    name: 'apiserver_watch_cache_events_received_total',
    help: 'Changes that came into the watch cache.',
    values: ({ counts }) => one(counts.eventsReceived),
  },
  {
    name: 'apiserver_watch_cache_events_dispatched_total',
    help: 'Changes that watchers were told of, those who wanted them.',
    values: ({ counts }) => one(counts.eventsDispatched),
  },
  {
    name: 'apiserver_watch_cache_initializations_total',
    help: 'Lists of the store that the watch cache was filled from.',
    values: ({ counts }) => one(counts.initializations),
  },
  {
    name: 'apiserver_watch_cache_initialization_errors_total',
    help: 'Lists of the store that failed before the watch cache was filled.',
    values: ({ counts }) => one(counts.initializationErrors),
  },
  {
    name: 'apiserver_init_events_total',
    help: 'Objects that watches began with.',
    values: ({ counts }) => one(counts.initEvents),
  },
  {
    name: 'apiserver_terminated_watchers_total',
    help: 'Watches that were ended because nobody read them.',
    values: ({ counts }) => one(counts.terminatedWatchers),
  },
  {
    name: 'apiserver_cache_list_total',
    help: 'Lists that were answered from memory, by the index that they were found in.',
    labelNames: ['index'],
    *values({ counts }) {
      for (const [index, { lists }] of counts.lists) yield [{ index }, lists];
    },
  },
  {
    name: 'apiserver_cache_list_fetched_objects_total',
    help: 'Objects that were looked at for lists from memory.',
    labelNames: ['index'],
    *values({ counts }) {
      for (const [index, { fetched }] of counts.lists) yield [{ index }, fetched];
    },
  },
  {
    name: 'apiserver_cache_list_returned_objects_total',
    help: 'Objects that lists from memory had.',
    values: ({ counts }) =>
      one([...counts.lists.values()].reduce((sum, { returned }) => sum + returned, 0)),
  },
  {
    name: 'apiserver_watch_cache_consistent_read_total',
    help: 'Lists of the latest state, by whether the cache was known to have it in time; else the store answers them.',
    labelNames: ['success', 'fallback'],
    values: ({ counts }) => [
      [{ success: 'true', fallback: 'false' }, counts.confirmed],
      [{ success: 'false', fallback: 'true' }, counts.unconfirmed],
    ],
  },
];

const gauges: readonly Shown[] = [
  {
    name: 'apiserver_watch_cache_resource_version',
    help: 'The revision that the watch cache has come to.',
    values: ({ revision }) => one(revision),
  },
  {
    name: 'watch_cache_capacity',
    help: 'Changes that the watch cache remembers now.',
    values: ({ events }) => one(events),
  },
  {
    name: 'apiserver_registered_watchers',
    help: 'Watches that the cache serves.',
    values: ({ watchers }) => one(watchers),
  },
  {
    name: 'apiserver_resource_objects',
    help: 'Objects that are stored.',
    values: ({ objects }) => one(objects),
  },
];

/** Adds what the watch caches count, under Kubernetes' names, by group and resource. */
export function addCacheMetrics(registry: Registry, endpoints: EndpointTable): void {
  const registers = [registry];
  for (const { labelNames = [], values, ...about } of counters)
    new Counter({
      ...{ ...about, registers, labelNames: ['group', 'resource', ...labelNames] },
      collect() {
        this.reset();
        for (const [labels, stats] of caches(endpoints))
          for (const [more, value] of values(stats)) this.inc({ ...labels, ...more }, value);
      },
    });
  for (const { labelNames = [], values, ...about } of gauges)
    new Gauge({
      ...{ ...about, registers, labelNames: ['group', 'resource', ...labelNames] },
      collect() {
        this.reset();
        for (const [labels, stats] of caches(endpoints))
          for (const [more, value] of values(stats)) this.set({ ...labels, ...more }, value);
      },
    });
}

function* caches(endpoints: EndpointTable): Generator<readonly [Labels, Stats]> {
  for (const { row, storage } of endpoints.opened())
    if (storage instanceof CachedStorage)
      yield [{ group: row.group, resource: row.resource }, storage.stats()];
}
