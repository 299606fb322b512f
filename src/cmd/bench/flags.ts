import { type Command, Option } from 'commander';
import { channelKinds, type LoadKind, leaseKeepAliveModes } from './spec.js';

/** The command line as it was given; settings.ts checks it. */
export interface BenchFlags {
  readonly endpoints: string;
  readonly targetLeader: boolean;
  readonly conns: string;
  readonly clients: string;
  readonly rate?: string;
  readonly duration?: string;
  readonly total?: string;
  readonly warmup?: string;
  readonly timeout: string;
  readonly processes: string;
  readonly keySize: string;
  readonly valueSize: string;
  readonly keySpace: string;
  readonly sequentialKeys: boolean;
  readonly seed: string;
  readonly channel: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly json?: string;
  readonly html?: string;
  readonly serializable: boolean;
  readonly reads: string;
  readonly puts: string;
  readonly watchers: string;
  readonly mode: string;
}

/** A subcommand of `flotilla bench`: a load with defaults of its own. */
export interface BenchCommandPlan {
  readonly name: string;
  readonly kind: LoadKind;
  readonly description: string;
  readonly defaults: Partial<Record<keyof BenchFlags, string>>;
  /** Options that only some loads have. */
  readonly extra: readonly (keyof typeof extraOptions)[];
}

const extraOptions = {
  serializable: new Option(
    '--serializable',
    "read the member's own state, without a quorum",
  ).default(false),
  reads: new Option('--reads <share>', 'share of ranges among the calls, 0 to 1'),
  puts: new Option('--puts <n>', 'puts in a transaction'),
  watchers: new Option('--watchers <n>', 'watchers, spread over the key space and the connections'),
  mode: new Option(
    '--mode <mode>',
    'stream: each client renews on one stream; once: a stream for each renewal, as etcd clients do for one',
  ).choices([...leaseKeepAliveModes]),
};

/** All loads that can be run. */
export const plans: readonly BenchCommandPlan[] = [
  { name: 'put', kind: 'put', description: 'Put keys.', defaults: {}, extra: [] },
  {
    name: 'range',
    kind: 'range',
    description: 'Read single keys, linearizable unless --serializable. Writes missing keys first.',
    defaults: {},
    extra: ['serializable'],
  },
  {
    name: 'txn',
    kind: 'txn',
    description: 'Transactions that compare a key and put it.',
    defaults: { puts: '1' },
    extra: ['puts'],
  },
  {
    name: 'mixed',
    kind: 'mixed',
    description: 'Ranges and puts, measured apart. Writes missing keys first.',
    defaults: {},
    extra: ['reads', 'serializable'],
  },
  {
    name: 'watch',
    kind: 'watch',
    description: 'Many watchers on few keys that are put: events a second and how late they are.',
    defaults: { keySpace: '1', clients: '10' },
    extra: ['watchers'],
  },
  {
    name: 'watch-latency',
    kind: 'watch',
    description: 'How late events are when there is little to do: 100 puts a second, 10 watchers.',
    defaults: { keySpace: '1', clients: '10', rate: '100', watchers: '10' },
    extra: ['watchers'],
  },
  {
    name: 'lease-keepalive',
    kind: 'lease-keepalive',
    description: 'Renew leases; each client has one.',
    defaults: {},
    extra: ['mode'],
  },
  {
    name: 'fill',
    kind: 'fill',
    description: 'Write every key of the key space once, in large transactions.',
    defaults: { keySpace: '100000', clients: '8' },
    extra: ['puts'],
  },
  {
    name: 'failover',
    kind: 'failover',
    description:
      'One writer that turns to the next member on failure: the longest time without a write. End the leader meanwhile.',
    defaults: { clients: '1', conns: '0', timeout: '100ms' },
    extra: [],
  },
];

/** Adds a load's options to its command. */
export function addFlags(command: Command, plan: BenchCommandPlan): Command {
  const fallback = { ...commonDefaults, ...plan.defaults };
  const text = (flags: string, description: string) => {
    const option = new Option(flags, description);
    const value = fallback[option.attributeName() as keyof BenchFlags];
    command.addOption(value === undefined ? option : option.default(value));
  };
  text('--endpoints <list>', 'members to call, comma separated');
  command.option(
    '--target-leader',
    'call the leader alone, whichever of the endpoints it is',
    false,
  );
  text('--conns <n>', 'connections, spread over the members (0: one for each)');
  text('--clients <n>', 'calls in progress at most, spread over the connections');
  text(
    '--rate <n>',
    'calls a second, made whether answered or not (default: as fast as they are answered)',
  );
  text('--duration <time>', 'length of the measurement (default: 10s, without --total)');
  text('--total <n>', 'calls to measure, in place of --duration');
  text('--warmup <time>', 'load before the measurement (default: 1s, with --total 0s)');
  text('--timeout <time>', 'to wait for answers at the end; of an attempt (failover)');
  text('--processes <n>', 'processes that make the load');
  text('--key-size <bytes>', 'length of the keys');
  text('--value-size <bytes>', 'length of the values, as 256, 16KiB or 1MiB');
  text('--key-space <n>', 'number of different keys');
  command.option('--sequential-keys', 'keys one after the other, not at random', false);
  text('--seed <n>', 'of all that is random');
  const channel = new Option('--channel <kind>', 'the client that makes the calls');
  command.addOption(channel.choices([...channelKinds]).default('http2'));
  text('--cacert <file>', "authorities that sign the servers' certificates (PEM)");
  text('--cert <file>', 'own certificate (PEM)');
  text('--key <file>', "own certificate's key (PEM)");
  for (const name of plan.extra) {
    const option = cloneOf(extraOptions[name]);
    const value = fallback[name];
    command.addOption(value === undefined ? option : option.default(value));
  }
  text('--json <file>', 'write the report there as JSON');
  text('--html <file>', 'write the report there as a page with charts');
  return command;
}

/** The defaults of options; a load may have others. */
export const commonDefaults: Readonly<Partial<Record<keyof BenchFlags, string>>> = {
  endpoints: '127.0.0.1:2379',
  conns: '8',
  clients: '800',
  timeout: '10s',
  processes: '1',
  keySize: '24',
  valueSize: '256',
  keySpace: '10000',
  seed: '1',
  reads: '0.8',
  puts: '100',
  watchers: '1000',
  mode: 'stream',
};

/** Options are changed when they are given defaults: each command has its own. */
function cloneOf(option: Option): Option {
  return Object.assign(new Option(option.flags, option.description), {
    argChoices: option.argChoices,
    parseArg: option.parseArg,
    defaultValue: option.defaultValue,
  });
}
