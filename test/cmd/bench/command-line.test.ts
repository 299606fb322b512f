import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import t from 'tap';
import { addFlags, plans } from '../../../src/cmd/bench/flags.js';
import { flotillaBin, projectDir } from '../../e2e/project.js';
import { runProgram } from './run-program.js';

const bad: readonly (readonly [args: readonly string[], complaint: RegExp])[] = [
  [['put', '--clients', 'many'], /flotilla bench: --clients: "many" is not a whole number/],
  [['put', '--no-such-flag'], /unknown option '--no-such-flag'/],
  [['put', 'argument'], /too many arguments/],
  [['put', '--channel', 'carrier-pigeon'], /Allowed choices are http2, grpc-js/],
  [['dance'], /unknown command 'dance'/],
  [['put', '--rate'], /argument missing/],
  [['compare'], /missing required argument/],
  [['compare', '/no/such.json'], /cannot read \/no\/such\.json as JSON/],
  [['compare', join(projectDir, 'package.json')], /no report of flotilla bench/],
];

t.test('flotilla bench: a command line that makes no sense ends with 2 and says why', async (t) => {
  await Promise.all(
    bad.map(async ([args, complaint]) => {
      const { code, stdout, stderr } = await runProgram(flotillaBin, ['bench', ...args]);
      t.equal(code, 2, args.join(' '));
      t.match(stderr, complaint);
      t.equal(stdout, '');
    }),
  );
});

t.test('flotilla bench: a cluster that is not there ends with 1 and says so', async (t) => {
  const args = ['bench', 'put', '--endpoints', '127.0.0.1:1', '--total', '1'];
  const { code, stderr } = await runProgram(flotillaBin, args);
  t.equal(code, 1);
  t.match(stderr, /^flotilla bench: cannot reach http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/);
});

t.test('flotilla bench --help: names every load', async (t) => {
  const { code, stdout } = await runProgram(flotillaBin, ['bench', '--help']);
  t.equal(code, 0);
  for (const { name } of plans) t.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
});

t.test('docs/bench.md: has every load and every option', async (t) => {
  const docs = await readFile(join(projectDir, 'docs', 'bench.md'), 'utf8');
  for (const plan of plans) {
    t.match(docs, `| \`${plan.name}\` |`, plan.name);
    for (const { long } of addFlags(new Command(), plan).options) {
      t.match(docs, new RegExp(`${long}\\b`), `${plan.name} ${long}`);
    }
  }
});
