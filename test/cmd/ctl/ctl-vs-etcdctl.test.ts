import { spawnSync } from 'node:child_process';
import t from 'tap';
import { serverKind, TestCluster } from '../../client/server.js';
import { type CommandResult, runCtl } from './run-ctl.js';

const noEtcdctl =
  spawnSync('etcdctl', ['version']).error === undefined ? false : 'etcdctl is not installed';
const noServer =
  serverKind === 'etcd' && spawnSync('etcd', ['--version']).error !== undefined
    ? 'etcd is not installed'
    : false;

type Row = readonly [args: string, stdin?: string];

const formats = ['simple', 'json', 'fields', 'table'];
/** Read-only for a given state, so both programs must say the same. `*`: in every format, else in the simple one. */
const reads: readonly Row[] = [
  ['* get a'],
  ['get a --hex'],
  ['* get binary'],
  ['get binary --hex'],
  ['* get a --prefix'],
  ['get --prefix=true a'],
  ['get --prefix=false a'],
  ['get a c'],
  ['get a --from-key --limit 2'],
  ['* get a --prefix --limit=1 --order descend'],
  ['get a --prefix --sort-by MODIFY --order DESCEND'],
  ['get a --prefix --sort-by version'],
  ['* get a --prefix --keys-only'],
  ['get a --print-value-only'],
  ['get a --rev 2'],
  ['get a --rev 9999'],
  ['get a --consistency s'],
  ['get a --consistency x'],
  ['get a --order up'],
  ['get a --sort-by up'],
  ['* get absent'],
  ['get'],
  ['get a b --prefix'],
  ['get a --prefix --from-key'],
  ['get a --limit x'],
  ['get --no-such-flag a'],
  ['put'],
  ['put a b --ignore-value'],
  ['put a b --lease zz'],
  ['put a b --lease 7b'],
  ['put absent --ignore-value'],
  ['del'],
  ['del a b --prefix'],
  ['* del absent'],
  ['compaction'],
  ['compaction x'],
  ['compaction 9999'],
  ['lease grant'],
  ['lease grant x'],
  ['lease grant 9000000001'],
  ['lease revoke'],
  ['lease revoke zz'],
  ['lease revoke 7b'],
  ['lease timetolive'],
  ['lease timetolive zz'],
  ['* lease timetolive 7b'],
  ['* lease list'],
  ['lease keep-alive'],
  ['lease keep-alive --once 7b'],
  ['* lease keep-alive 7b'],
  ['* member list'],
  ['member add'],
  ['member add x'],
  ['member remove'],
  ['member remove zz'],
  ['member remove 7b'],
  ['member update 7b'],
  ['member update 7b --peer-urls http://127.0.0.1:1'],
  ['member promote 7b'],
  ['* endpoint status'],
  ['endpoint status --cluster'],
  ['* endpoint hashkv'],
  ['move-leader'],
  ['move-leader zz'],
  ['move-leader 7b'],
  ['lock'],
  ['lock name false'],
  ['elect'],
  ['elect a b c'],
  ['elect -l a b'],
  ['elect a'],
  ['watch'],
  ['txn extra'],
  ['txn', 'malformed\n\n\n\n'],
  ['txn', 'mod("a") > 0\n\n\n\n'],
  ['txn', 'bad("a") > "0"\n\n\n\n'],
  ['txn', 'mod("a") > "x"\n\n\n\n'],
  ['txn', 'mod("a") > "0"\n\nput\n\n\n'],
  ['txn', 'mod("a") > "0"\n\nfrob a\n\n\n'],
  ['txn', 'mod("a") > "0"\n'],
  ['* txn', 'mod("a") > "0"\n\nget a\nget a --prefix --keys-only\n\n\n'],
  ['txn', 'val("a") != "1"\nver("a") < "1"\n\n\nget "a"\nget b\n\n'],
  ['txn -i', 'c("a") > "0"\n\nget a\n\n\n'],
];

/** Each changes the state, so it runs once with either program, on keys of its own (`@` is the program). */
const writes: readonly Row[] = [
  ['put @k 1'],
  ['put @k 2 --prev-kv'],
  ['put @k', 'from stdin\n'],
  ['put @k --ignore-value --prev-kv'],
  ['put @dash -- -1'],
  ['get @ --prefix'],
  ['txn', 'create("@new") = "0"\n\nput @new "two\\nlines" --prev-kv\nget @new\n\n\n'],
  ['txn', 'create("@new") = "0"\n\n\nput @new x --prev-kv\ndel @k --prev-kv\n\n'],
  ['txn', '\nput @same 1\nput @same 2\n\n\n'],
  ['del @new --prev-kv'],
  ['del @ --prefix'],
];

/** Fields that etcd's API got after 3.4, whose etcdctl does not print them. */
const newerFields =
  /,"(?:storageVersion|dbSizeQuota|hash_revision|downgradeInfo)":(?:"[^"]*"|\d+|\{[^}]*\})/g;

/** What differs between any two runs: cluster state that writes move, and times. */
function normalised(text: string): string {
  return text
    .replaceAll('etcdctl/', 'me/')
    .replaceAll('flotilla/', 'me/')
    .replace(/"(?:raft_term|raftTerm)":\d+,?/g, '')
    .replace(
      /("[A-Za-z_]*(?:[Rr]evision|RaftIndex|RaftAppliedIndex|raftIndex|raftAppliedIndex)"\s?:\s?)\d+/g,
      '$1N',
    );
}

t.test(
  `ctl prints and ends as etcdctl does, against ${serverKind}`,
  {
    skip: noEtcdctl || noServer,
  },
  async (t) => {
    const cluster = await TestCluster.start();
    t.teardown(() => cluster.close());
    const endpoints = `--endpoints=${cluster.endpoints[0]!.replace('http://', '')}`;
    const both = async (args: readonly string[], stdin?: string) => {
      // One after the other: the machine may have one core, and the server answers in an order.
      const theirs = await runCtl('etcdctl', [endpoints, ...args], stdin);
      const ours = await runCtl('flotilla', [endpoints, ...args], stdin);
      return { theirs, ours };
    };
    const words = (row: string) => row.replace('* ', '').split(' ');
    /** etcdctl has its usage text, and Go's stack when it panics, on stdout or not; only its answers are compared. */
    const comparable = ({ stdout, exitCode }: CommandResult) => ({
      stdout: stdout.replace(newerFields, ''),
      exitCode,
    });

    await runCtl('etcdctl', [endpoints, 'put', 'a', '1']);
    for (const [key, value] of [
      ['a', '1'],
      ['ab', '2'],
      ['b', 'two\nlines "quoted" <&> é 漢'],
      ['a', '3'],
      ['binary', '\x01\x7f'],
    ]) {
      await runCtl('etcdctl', [endpoints, 'put', key!, value!]);
    }

    const pairs = reads.flatMap(([row, stdin]) =>
      (row.startsWith('*') ? formats : ['simple']).map((format) => ({ row, stdin, format })),
    );
    for (const { row, stdin, format } of pairs) {
      const { theirs, ours } = await both(['-w', format, ...words(row)], stdin);
      const name = `${format}: ${row}${stdin === undefined ? '' : ` ${JSON.stringify(stdin)}`}`;
      if (/unknown (?:shorthand )?flag|invalid argument/.test(theirs.stderr)) {
        t.equal(ours.exitCode, theirs.exitCode, name);
      } else {
        t.same(comparable(ours), comparable(theirs), `${name}\n${ours.stderr}`);
      }
    }

    for (const format of formats.slice(0, 3)) {
      for (const [row, stdin] of writes) {
        const run = (program: 'etcdctl' | 'flotilla') => {
          const own = (text: string) => text.replaceAll('@', `${program}/`);
          const args = [endpoints, '-w', format, ...words(own(row))];
          return runCtl(program, args, stdin === undefined ? undefined : own(stdin));
        };
        const theirs = await run('etcdctl');
        const ours = await run('flotilla');
        const name = `${format}: ${row}`;
        t.equal(ours.exitCode, theirs.exitCode, `${name}: exit code`);
        const decoded = (text: string) =>
          normalised(
            text.replace(/"key":"([^"]*)"/g, (_, key) => {
              return `"key":"${Buffer.from(key, 'base64').toString()}"`;
            }),
          );
        t.equal(decoded(ours.stdout), decoded(theirs.stdout), name);
      }
    }
  },
);
