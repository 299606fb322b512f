import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { schemaOf } from '../../../../src/control/api/schema.js';
import { cloneJson } from '../../../../src/control/machinery/clone.js';
import type { JsonObject, JsonValue } from '../../../../src/control/machinery/json.js';
import { applyJsonPatch } from '../../../../src/control/machinery/patch/json-patch.js';
import { applyMergePatch } from '../../../../src/control/machinery/patch/merge-patch.js';
import { applyStrategicMergePatch } from '../../../../src/control/machinery/patch/strategic-merge-patch.js';
import type { SchemaNode } from '../../../../src/control/machinery/schema-node.js';
import { randomDeployment, randomPod, randomService } from './random-objects.js';
import { randomJsonPatch, randomMergePatch, randomStrategicPatch } from './random-patches.js';
import { recordedPatches } from './recorded-strategic.js';

/**
 * `kubectl patch --local` runs Kubernetes' own patch code without a server. Every random patch is applied to several random
 * objects by it and by ours; the results must be equal, and what one refuses the other refuses too.
 */
const run = promisify(execFile);
const patchesPerKind = Number(process.env.FLOTILLA_ORACLE_PATCHES ?? 3);
const objectsPerPatch = 8;

const kinds = [
  { of: { group: '', version: 'v1', kind: 'Pod' }, make: randomPod },
  { of: { group: 'apps', version: 'v1', kind: 'Deployment' }, make: randomDeployment },
  { of: { group: '', version: 'v1', kind: 'Service' }, make: randomService },
];

type PatchType = 'json' | 'merge' | 'strategic';

function makePatch(
  type: PatchType,
  prng: Prng,
  towards: JsonObject,
  schema: SchemaNode,
): JsonValue {
  if (type === 'json') return randomJsonPatch(prng, towards);
  const patch =
    type === 'merge'
      ? randomMergePatch(prng, towards)
      : randomStrategicPatch(prng, towards, schema);
  // Without these, kubectl does not know what it has in its hands.
  delete patch.apiVersion;
  delete patch.kind;
  if (patch.metadata === null || Object.hasOwn((patch.metadata ?? {}) as object, '$patch')) {
    delete patch.metadata;
  }
  return patch;
}

function ours(
  type: PatchType,
  object: JsonObject,
  patch: JsonValue,
  schema: SchemaNode,
): JsonValue {
  if (type === 'json') return applyJsonPatch(object, patch);
  return type === 'merge'
    ? applyMergePatch(object, patch)
    : applyStrategicMergePatch(object, patch as JsonObject, schema);
}

/** The object without a field of its spec now and then. */
function withLess(prng: Prng, object: JsonObject): JsonObject {
  const copy = cloneJson(object);
  const spec = copy.spec as JsonObject;
  const names = Object.keys(spec);
  if (names.length > 0 && prng.chance(0.5)) delete spec[prng.pick(names)];
  return copy;
}

/** What kubectl says, too: of a JSON patch, the API keeps it from the client. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

/** Of an index that is not there, the texts differ. */
function isSameReason(theirs: string, ours: string): boolean {
  return ours.includes('invalid index') || theirs.includes(ours);
}

interface Answer {
  readonly result?: JsonValue;
  readonly error?: string;
}

async function kubectl(directory: string, type: PatchType, files: string[]): Promise<Answer> {
  const words = ['patch', '--local', '--type', type, '-o', 'json'];
  words.push('--patch-file', join(directory, 'patch.json'), '-f', files[0] as string);
  try {
    const { stdout } = await run('kubectl', words, { env: { ...process.env, HOME: directory } });
    return { result: JSON.parse(stdout) as JsonValue };
  } catch (error) {
    return { error: (error as { stderr?: string }).stderr ?? String(error) };
  }
}

/** What kubectl makes of each object; one run when all succeed. */
async function theirs(
  directory: string,
  type: PatchType,
  objects: readonly JsonObject[],
  patch: JsonValue,
): Promise<Answer[]> {
  await writeFile(join(directory, 'patch.json'), JSON.stringify(patch));
  const list = join(directory, 'list.json');
  await writeFile(list, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const all = await kubectl(directory, type, [list]);
  const items = (all.result as JsonObject | undefined)?.items;
  if (Array.isArray(items) && items.length === objects.length) {
    return items.map((result) => ({ result }));
  }
  const answers: Answer[] = [];
  for (const object of objects) {
    const file = join(directory, 'one.json');
    await writeFile(file, JSON.stringify(object));
    answers.push(await kubectl(directory, type, [file]));
  }
  return answers;
}

async function hasKubectl(): Promise<boolean> {
  return run('kubectl', ['version', '--client']).then(
    () => true,
    () => false,
  );
}

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';
const seed = Number(process.env.FLOTILLA_SEED ?? 1);

for (const type of ['strategic', 'merge', 'json'] as const) {
  t.test(
    `${type} patches give what kubectl patch --local gives, seed ${seed}`,
    { skip },
    async (t) => {
      const directory = await mkdtemp(join(tmpdir(), 'flotilla-patch-'));
      t.teardown(() => rm(directory, { recursive: true }));
      const counts = { applied: 0, refused: 0 };
      for (const { of, make } of kinds) {
        const schema = schemaOf(of);
        if (schema === undefined) throw new Error(`no schema of ${of.kind}`);
        for (let round = 0; round < patchesPerKind; round++) {
          const prng = new Prng(seed * 1000 + round);
          const base = make(prng);
          // JSON patches only apply where the paths are: their objects are much like what they were made for.
          const isJson = type === 'json';
          const objects = Array.from({ length: objectsPerPatch }, () =>
            isJson ? withLess(prng, base) : make(prng),
          );
          const patch = makePatch(type, prng, isJson ? base : make(prng), schema);
          const answers = await theirs(directory, type, objects, patch);
          answers.forEach((answer, at) => {
            const object = objects[at] as JsonObject;
            const before = cloneJson([object, patch]);
            const context = { seed, round, kind: of.kind, object, patch, theirs: answer };
            try {
              const result = ours(type, object, patch, schema);
              if (answer.error !== undefined) t.fail('ours applies what kubectl refuses', context);
              t.strictSame(result, answer.result, 'same result', context);
              counts.applied++;
            } catch (error) {
              if (answer.error === undefined) t.fail(`ours refuses: ${error}`, context);
              else if (!isSameReason(answer.error, reasonOf(error)))
                t.fail(`ours says: ${reasonOf(error)}`, context);
              counts.refused++;
            }
            t.strictSame([object, patch], before, 'neither the object nor the patch changes');
          });
        }
      }
      t.ok(counts.applied > patchesPerKind * 5, `most patches apply: ${JSON.stringify(counts)}`);
      t.comment(JSON.stringify(counts));
    },
  );
}

t.test('the recorded answers to strategic patches are what kubectl gives', { skip }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'flotilla-patch-'));
  t.teardown(() => rm(directory, { recursive: true }));
  for (const { title, object, patch, result, error } of recordedPatches) {
    const [answer] = await theirs(directory, 'strategic', [object], patch);
    if (error === undefined) t.strictSame(answer?.result, result, title);
    else t.equal(answer?.error?.trim(), `error: ${error}`.trim(), title);
  }
});
