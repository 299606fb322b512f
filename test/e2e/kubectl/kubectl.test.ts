/**
 * Stock kubectls against a store and an API server: every command of scripts/*.txt prints what its script says and ends with the
 * code it says. ONLY=NAME[,NAME] selects scripts; UPDATE=1 rewrites what differs, with the newest kubectl found.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { projectDir, skipBecause } from '../project.js';
import { ControlPlane } from './control-plane.js';
import { findKubectl, type Kubectl, wantedVersions } from './kubectls.js';
import { runScript, updatedScript } from './run-script.js';
import { parseScript, printStep } from './script.js';

const folder = process.env.KUBECTL_SCRIPTS ?? join(projectDir, 'test/e2e/kubectl/scripts');
const only = process.env.ONLY?.split(',');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => name.slice(0, -'.txt'.length))
  .filter((name) => only?.includes(name) ?? true);
const isUpdate = process.env.UPDATE === '1';

t.setTimeout(1_200_000);
t.jobs = 2;

const found = wantedVersions.map((version) => ({ version, kubectl: findKubectl(version) }));
const newest = found.findLast(({ kubectl }) => kubectl !== null)?.kubectl;

// CI needs one of them; those that are not there are skipped by name.
t.test(
  'a stock kubectl is on this machine',
  skipBecause(newest === undefined && 'no kubectl'),
  async (t) => {
    t.ok(newest);
  },
);

for (const { version, kubectl } of found) {
  const skip = kubectl === null && `not on this machine: kubectl ${version}`;
  if (isUpdate && kubectl !== newest) continue;
  t.test(`kubectl ${version} does what the scripts say`, { skip }, async (t) => {
    t.ok(names.length > 0, 'there are scripts');
    const plane = await ControlPlane.forTest(t);
    for (const name of names) await checkScript(t, name, { plane, kubectl: kubectl as Kubectl });
  });
}

async function checkScript(
  t: Test,
  name: string,
  { plane, kubectl }: { readonly plane: ControlPlane; readonly kubectl: Kubectl },
): Promise<void> {
  const path = join(folder, `${name}.txt`);
  const parts = parseScript(readFileSync(path, 'utf8'));
  const { results, place } = await runScript(parts, { plane, kubectl, name });
  if (isUpdate) writeFileSync(path, updatedScript(parts, results, place));
  for (const { step, isAsExpected, output, exitCode } of results) {
    const title = `${name}.txt:${step.line} ${step.command.split('\n')[0]}`;
    if (isAsExpected || isUpdate) t.pass(title);
    else t.fail(title, { expected: printStep(step), output: output.join('\n'), exitCode });
  }
}
