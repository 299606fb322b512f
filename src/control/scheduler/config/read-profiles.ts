import { duplicate, type FieldPath, invalidValue, required } from '../../machinery/field-path.js';
import type { EnabledPlugin } from '../framework/plugin.js';
import { pointNames } from '../runtime/plugin-points.js';
import type { DocumentReader, Located } from './document-reader.js';
import {
  defaultSchedulerName,
  type PluginSet,
  type PluginSets,
  type ProfileConfiguration,
} from './scheduler-configuration.js';

const points = [...pointNames, 'multiPoint'] as const;
const percentMax = 100;

/** The profiles of a document; null when it has none. */
export function readProfiles(
  reader: DocumentReader,
  located: Located | undefined,
): readonly ProfileConfiguration[] | null {
  const items = reader.items(located);
  if (items.length === 0) return null;
  const profiles = items.map((item) => readProfile(reader, item, items.length === 1));
  checkNames(reader, profiles, items);
  checkQueueSort(reader, profiles, items);
  return profiles;
}

function readProfile(
  reader: DocumentReader,
  located: Located,
  isOnly: boolean,
): ProfileConfiguration {
  const fields = reader.fields(located, [
    ...['schedulerName', 'percentageOfNodesToScore', 'plugins', 'pluginConfig'],
  ]);
  const schedulerName = reader.text(fields.schedulerName) ?? (isOnly ? defaultSchedulerName : '');
  const path = located.path.child('percentageOfNodesToScore');
  return {
    schedulerName,
    percentageOfNodesToScore: readPercentage(reader, fields.percentageOfNodesToScore, path),
    plugins: readSets(reader, fields.plugins),
    pluginArguments: readArguments(reader, fields.pluginConfig),
  };
}

/** A percentage of nodes; null when it is absent. */
export function readPercentage(
  reader: DocumentReader,
  located: Located | undefined,
  path: FieldPath,
): number | null {
  const percentage = reader.integer(located) ?? null;
  if (percentage === null || (percentage >= 0 && percentage <= percentMax)) return percentage;
  reader.errors.push(invalidValue(path, percentage, 'not in valid range [0-100]'));
  return null;
}

function readSets(reader: DocumentReader, located: Located | undefined): PluginSets {
  if (located === undefined) return {};
  const fields = reader.fields(located, points);
  const sets: { -readonly [Point in keyof PluginSets]: PluginSet } = {};
  for (const point of points) {
    const set = fields[point];
    if (set !== undefined) sets[point] = readSet(reader, set);
  }
  return sets;
}

function readSet(reader: DocumentReader, located: Located): PluginSet {
  const { enabled, disabled } = reader.fields(located, ['enabled', 'disabled']);
  const read = (item: Located): EnabledPlugin => {
    const fields = reader.fields(item, ['name', 'weight']);
    const name = reader.text(fields.name) ?? '';
    if (name === '') reader.errors.push(required(item.path.child('name'), ''));
    const weight = reader.integer(fields.weight);
    if (weight !== undefined && weight < 0)
      reader.errors.push(
        invalidValue(item.path.child('weight'), weight, 'must be greater than or equal to 0'),
      );
    return weight === undefined ? { name } : { name, weight };
  };
  return {
    enabled: reader.items(enabled).map(read),
    disabled: reader.items(disabled).map((item) => read(item).name),
  };
}

function readArguments(
  reader: DocumentReader,
  located: Located | undefined,
): ReadonlyMap<string, unknown> {
  const byPlugin = new Map<string, unknown>();
  for (const item of reader.items(located)) {
    const fields = reader.fields(item, ['name', 'args']);
    const name = reader.text(fields.name) ?? '';
    if (name === '') reader.errors.push(required(item.path.child('name'), ''));
    else if (byPlugin.has(name)) reader.errors.push(duplicate(item.path, name));
    byPlugin.set(name, fields.args?.value);
  }
  return byPlugin;
}

function checkNames(
  reader: DocumentReader,
  profiles: readonly ProfileConfiguration[],
  items: readonly Located[],
): void {
  const seen = new Set<string>();
  profiles.forEach(({ schedulerName }, at) => {
    const path = items[at]?.path.child('schedulerName');
    if (path === undefined) return;
    if (schedulerName === '') reader.errors.push(required(path, ''));
    else if (seen.has(schedulerName)) reader.errors.push(duplicate(path, schedulerName));
    seen.add(schedulerName);
  });
}

/** There is one queue for all profiles. */
function checkQueueSort(
  reader: DocumentReader,
  profiles: readonly ProfileConfiguration[],
  items: readonly Located[],
): void {
  const sorterOf = ({ plugins, pluginArguments }: ProfileConfiguration) => {
    const set = plugins.queueSort ?? null;
    return JSON.stringify([set, set?.enabled.map(({ name }) => pluginArguments.get(name) ?? null)]);
  };
  const [first] = profiles;
  profiles.forEach((profile, at) => {
    const path = items[at]?.path.child('plugins', 'queueSort');
    if (first === undefined || path === undefined || sorterOf(profile) === sorterOf(first)) return;
    const set = profile.plugins.queueSort;
    reader.errors.push(invalidValue(path, set ?? null, 'has to match with the first profile'));
  });
}
