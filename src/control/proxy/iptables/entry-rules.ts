/** A rule of a built-in chain that leads to one of ours. */
export interface EntryRule {
  readonly table: 'nat' | 'filter';
  readonly from: string;
  readonly match: readonly string[];
  readonly to: string;
}

/** Where the built-in chains lead to ours. */
export const entryRules: readonly [EntryRule, ...EntryRule[]] = [
  entry('nat', 'PREROUTING', 'KUBE-SERVICES'),
  entry('nat', 'OUTPUT', 'KUBE-SERVICES'),
  entry('nat', 'POSTROUTING', 'KUBE-POSTROUTING'),
  entry('filter', 'INPUT', 'KUBE-NODEPORTS'),
  entry('filter', 'INPUT', 'KUBE-FIREWALL'),
  entry('filter', 'FORWARD', 'KUBE-FORWARD'),
  ...['INPUT', 'FORWARD', 'OUTPUT'].flatMap((from) => [
    entry('filter', from, 'KUBE-SERVICES', true),
    entry('filter', from, 'KUBE-EXTERNAL-SERVICES', true),
    entry('filter', from, 'KUBE-PROXY-FIREWALL', true),
  ]),
];

/** One of them; `isNewOnly`: for the first packet of a connection. */
export function entry(
  table: 'nat' | 'filter',
  from: string,
  to: string,
  isNewOnly = false,
): EntryRule {
  return { table, from, to, match: isNewOnly ? ['-m', 'conntrack', '--ctstate', 'NEW'] : [] };
}
