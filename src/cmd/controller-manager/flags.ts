import { assert } from '../../base/assert.js';
import type { ControllerDefinition, ControllerFlag } from '../../control/controllers/controller.js';
import { controllerTable } from '../../control/controllers/controller-table.js';
import { flagProblem } from '../../control/controllers/runtime/flag-bounds.js';
import {
  defaultFlagInput,
  type FlagInputs,
} from '../../control/controllers/runtime/flag-values.js';
import { readTextFile } from '../../host/text-file.js';
import { protocolFlags } from '../program/api-protocol.js';
import { programFlags, usedFlags } from '../program/flag-rows.js';
import type { Flag, FlagKind, ParsedFlags } from '../program/flags.js';
import { leaderFlags } from '../program/leader-flags.js';
import { storeFlags } from '../program/store-flags.js';
import { UsageError } from '../usage-error.js';
import { ignoredManagerFlags } from './ignored-flags.js';

/** What kube-controller-manager calls itself in its Lease. */
export const managerName = 'kube-controller-manager';

const securePort = 10_257;

/** All flags of `flotilla controller-manager`: kube-controller-manager's, and those of the store. */
export function managerFlags(
  table: readonly ControllerDefinition[] = controllerTable,
): readonly Flag[] {
  const used = [
    ...usedFlags([
      [
        'controllers',
        'list',
        '*',
        'Controllers to run: * for all that are on by default, a name to turn one on, -name to turn it off.',
      ],
    ]),
    ...protocolFlags,
    ...programFlags({ securePort }),
    ...leaderFlags(managerName),
    ...storeFlags,
    ...controllerFlags(table),
  ];
  const names = new Set(used.map(({ name }) => name));
  return [...used, ...ignoredManagerFlags.filter(({ name }) => !names.has(name))];
}

/** What the controllers declare: flags that several of them read are one. */
function controllerFlags(table: readonly ControllerDefinition[]): readonly Flag[] {
  const byName = new Map<string, ControllerFlag>();
  for (const flag of table.flatMap(({ flags }) => flags)) {
    const other = byName.get(flag.name);
    assert(
      other === undefined || (other.kind === flag.kind && other.default === flag.default),
      `two controllers declare --${flag.name} differently`,
    );
    if (other === undefined) byName.set(flag.name, flag);
  }
  return [...byName.values()].map((flag) => ({
    ...{ name: flag.name, kind: kinds[flag.kind], help: flag.help, effect: 'used' },
    value: flag.kind === 'duration' ? `${flag.default}ms` : String(flag.default),
  }));
}

const kinds: Readonly<Record<ControllerFlag['kind'], FlagKind>> = {
  integer: 'integer',
  number: 'decimal',
  duration: 'duration',
  boolean: 'boolean',
  text: 'string',
  file: 'string',
};

/** The values of the controllers' flags; files are read here. Rejects with {@link UsageError} for what is out of bounds, and for a file that cannot be read. */
export async function controllerInputs(
  flags: ParsedFlags,
  definitions: readonly ControllerDefinition[],
): Promise<FlagInputs> {
  const inputs = new Map<string, number | boolean | string | null>();
  for (const flag of definitions.flatMap((definition) => definition.flags)) {
    const value = await inputOf(flag, flags);
    const problem = flagProblem(flag, value);
    if (problem !== null) throw new UsageError(problem);
    inputs.set(flag.name, value);
  }
  return inputs;
}

async function inputOf(
  flag: ControllerFlag,
  flags: ParsedFlags,
): Promise<number | boolean | string | null> {
  if (!flags.given.has(flag.name)) return defaultFlagInput(flag);
  switch (flag.kind) {
    case 'integer':
    case 'number':
      return flags.number(flag.name);
    case 'duration':
      return flags.durationMs(flag.name);
    case 'boolean':
      return flags.isTrue(flag.name);
    case 'text':
      return flags.text(flag.name);
    case 'file':
      return readNamed(flag.name, flags.text(flag.name));
  }
}

async function readNamed(name: string, path: string): Promise<string | null> {
  if (path === '') return null;
  try {
    return await readTextFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--${name}: cannot read ${path}: ${why}`, { cause: error });
  }
}
