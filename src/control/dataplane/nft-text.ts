import { unreachable } from '../../base/assert.js';
import type { NftCommand } from './nft-change.js';
import type { NftTable } from './nft-table.js';

/** A transaction as `nft -f` reads it: all of it happens, or none. */
export function transactionText(
  { family, name }: Pick<NftTable, 'family' | 'name'>,
  commands: readonly NftCommand[],
): string {
  const table = `${family} ${name}`;
  return commands.map((command) => `${commandText(table, command)}\n`).join('');
}

function commandText(table: string, command: NftCommand): string {
  switch (command.do) {
    case 'add-table':
      return `add table ${table}`;
    case 'delete-table':
      return `delete table ${table}`;
    case 'add': {
      const { kind, name, spec } = command.object;
      return `add ${kind} ${table} ${name}${spec === '' ? '' : ` { ${spec} }`}`;
    }
    case 'delete':
      return `delete ${command.object.kind} ${table} ${command.object.name}`;
    case 'flush-chain':
      return `flush chain ${table} ${command.chain.name}`;
    case 'flush-set':
      return `flush ${command.set.kind} ${table} ${command.set.name}`;
    case 'add-rule':
      return `add rule ${table} ${command.chain.name} ${command.rule}`;
    case 'add-element':
    case 'delete-element': {
      const verb = command.do === 'add-element' ? 'add' : 'delete';
      const elements = command.elements.map(([key, value]) =>
        value === '' ? key : `${key} : ${value}`,
      );
      return `${verb} element ${table} ${command.set.name} { ${elements.join(', ')} }`;
    }
    default:
      return unreachable(command);
  }
}
