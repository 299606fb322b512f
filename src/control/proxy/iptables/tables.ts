/** Our chains of one table of iptables, with their rules in order (without `-A CHAIN`). */
export type IptablesChains = ReadonlyMap<string, readonly string[]>;

/** Our part of what iptables has. */
export interface IptablesRules {
  readonly nat: IptablesChains;
  readonly filter: IptablesChains;
}

/** Nothing of ours. */
export const noRules: IptablesRules = { nat: new Map(), filter: new Map() };

const names = ['filter', 'nat'] as const;

/**
 * What `iptables-restore --noflush` reads to make one of the other. Chains that are named lose their rules and get them again; those
 * that are not named stay. '' when nothing differs.
 */
export function restoreText(before: IptablesRules, after: IptablesRules): string {
  return names.map((name) => tableText(name, before[name], after[name])).join('');
}

function tableText(name: string, before: IptablesChains, after: IptablesChains): string {
  const changed = [...after].filter(([chain, rules]) => !isSame(before.get(chain), rules));
  const gone = [...before.keys()].filter((chain) => !after.has(chain));
  if (changed.length + gone.length === 0) return '';
  const lines = [
    `*${name}`,
    ...[...changed.map(([chain]) => chain), ...gone].map((chain) => `:${chain} - [0:0]`),
    ...changed.flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
    ...gone.map((chain) => `-X ${chain}`),
    'COMMIT',
  ];
  return `${lines.join('\n')}\n`;
}

function isSame(before: readonly string[] | undefined, after: readonly string[]): boolean {
  if (before === after) return true;
  if (before === undefined || before.length !== after.length) return false;
  return before.every((rule, at) => rule === after[at]);
}
