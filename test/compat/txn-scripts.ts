import type { Script, Step } from './script.js';

/** A transaction in etcdctl's interactive grammar: comparisons, then one list of requests for each outcome. */
function txn(
  parts: { compares?: readonly string[]; success?: readonly string[]; failure?: readonly string[] },
  options = '',
): Step {
  const lists = [parts.compares ?? [], parts.success ?? [], parts.failure ?? []];
  const stdin = lists.map((list) => `${list.map((line) => `${line}\n`).join('')}\n`).join('');
  return { run: `txn ${options}`.trim(), stdin };
}

const puts = (count: number) => Array.from({ length: count }, (_, i) => `put {P}/n${i} ${i}`);

/** Transactions and compaction. */
export const txnScripts: readonly Script[] = [
  {
    name: 'transactions',
    steps: [
      'put {P}/a 1',
      txn({
        compares: ['value("{P}/a") = "1"'],
        success: ['put {P}/a 2', 'get {P}/a'],
        failure: ['get {P}/a'],
      }),
      txn({
        compares: ['value("{P}/a") = "1"'],
        success: ['put {P}/a 3'],
        failure: ['get {P}/a', 'put {P}/b no'],
      }),
      txn({ compares: ['version("{P}/a") = "2"'], success: ['del {P}/a', 'get {P}/a'] }, '-w json'),
      txn({ compares: ['create("{P}/a") = "0"'], success: ['put {P}/a new'] }, '-w json'),
      txn({ compares: ['mod("{P}/a") > "1"', 'ver("{P}/b") > "0"'], success: ['get {P}/ {P}0'] }),
      txn({ compares: ['mod("{P}/a") < "1"'], failure: ['get {P}/a'] }, '-w fields'),
      txn({ compares: ['value("{P}/a") != "old"'], success: ['get {P}/b'] }),
      txn({
        compares: ['value("{P}/absent") != "old"'],
        success: ['get {P}/a'],
        failure: ['get {P}/b'],
      }),
      txn({ compares: ['value("{P}/a") > "m"', 'value("{P}/a") < "o"'], success: ['get {P}/a'] }),
      txn({ success: ['put {P}/c 1', 'put {P}/d 2', 'del {P}/b', 'get {P}/c {P}/e'] }, '-w json'),
      txn({}),
      txn({}, '-w json'),
      txn({ compares: ['create("{P}/absent") = "0"'] }),
      'get {P}/ --prefix -w json',
      'del {P}/ --prefix',
    ],
  },
  {
    name: 'transactions that are refused',
    steps: [
      'put {P}/a 1',
      txn({ success: ['put {P}/a 2', 'put {P}/a 3'] }),
      txn({ success: ['put {P}/a 2', 'del {P}/a'] }),
      txn({ failure: ['put {P}/a 2', 'put {P}/a 3'] }),
      txn({ success: ['del {P}/a', 'del {P}/a', 'get {P}/a'] }),
      txn({ success: puts(129) }),
      txn({ success: puts(128) }),
      txn({ compares: ['nonsense'] }),
      txn({ success: ['put {P}/a 2 --lease=777'] }),
      txn({ success: ["put '' x"] }),
      txn({ success: ['get {P}/a --rev=1000000'] }),
      'get {P}/a',
      'get {P}/ --prefix --keys-only -w fields',
      'del {P}/ --prefix',
    ],
  },
  {
    name: 'compaction',
    steps: [
      'put {P}/a 1',
      { run: 'put {P}/a 2 -w json', capture: { name: 'second', pattern: /"revision":(\d+)/ } },
      { run: 'put {P}/a 3 -w json', capture: { name: 'third', pattern: /"revision":(\d+)/ } },
      'del {P}/a',
      'put {P}/a 5',
      'compaction {third}',
      'get {P}/a',
      'get {P}/a --rev={third}',
      'get {P}/a --rev={second}',
      'get {P}/ --prefix --rev={second}',
      'compaction {third}',
      'compaction {second}',
      'compaction 1000000',
      'compaction zero',
      'watch {P}/a --rev={second}',
      'put {P}/a 6',
      { run: 'put {P}/a 7 -w json', capture: { name: 'last', pattern: /"revision":(\d+)/ } },
      'compaction {last} --physical',
      'get {P}/a -w json',
    ],
  },
];
