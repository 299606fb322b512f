import t from 'tap';
import type { ConfigMap } from '../../../../src/control/api/gen/core-v1.js';
import {
  type ControlClient,
  resources,
  UnreachableError,
} from '../../../../src/control/client/index.js';
import { patienceMs } from '../../../../src/control/kubelet/volumes/last-known.js';
import { ReferencedObjects } from '../../../../src/control/kubelet/volumes/referenced-objects.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { ManualClock } from '../../../store/manual-clock.js';

/** A client whose answers are given one by one. */
function clientOf(answers: (() => Promise<ConfigMap>)[]): ControlClient {
  const get = () => (answers.shift() ?? (() => Promise.reject(new Error('asked too often'))))();
  return { objects: () => ({ resource: resources.configMaps, get }) } as unknown as ControlClient;
}

function status(code: number, reason: string): () => Promise<never> {
  const failure = { code, reason, status: 'Failure', message: reason } as StatusError['status'];
  return () => Promise.reject(new StatusError(failure));
}

const first: ConfigMap = { metadata: { name: 'a' }, data: { is: 'first' } };
const second: ConfigMap = { metadata: { name: 'a' }, data: { is: 'second' } };
const unreachable = () => Promise.reject(new UnreachableError('nobody there'));
const silent = () => new Promise<never>(() => {});

const cases: readonly {
  readonly title: string;
  readonly now: () => Promise<ConfigMap>;
  readonly found: string | null | RegExp;
}[] = [
  { title: 'answers', now: async () => second, found: 'second' },
  { title: 'is not reached', now: unreachable, found: 'first' },
  { title: 'has no store', now: status(503, 'ServiceUnavailable'), found: 'first' },
  { title: 'has too much to do', now: status(429, 'TooManyRequests'), found: 'first' },
  { title: 'says nothing for long', now: silent, found: 'first' },
  { title: 'says that it is gone', now: status(404, 'NotFound'), found: null },
  { title: 'refuses', now: status(403, 'Forbidden'), found: /Forbidden/ },
];
for (const { title, now, found } of cases) {
  t.test(`ReferencedObjects: known from before, and now the server ${title}`, async (t) => {
    const clock = new ManualClock();
    const objects = new ReferencedObjects(clientOf([async () => first, now]), clock);
    t.match(await objects.configMap('n', 'a'), first);
    const again = objects.configMap('n', 'a');
    again.catch(() => {});
    await clock.advance(patienceMs);
    if (found instanceof RegExp) await t.rejects(again, { message: found });
    else t.equal((await again)?.data?.is ?? null, found);
  });
}

t.test('ReferencedObjects: what was never known is waited for, or is an error', async (t) => {
  const clock = new ManualClock();
  const objects = new ReferencedObjects(clientOf([unreachable, async () => first]), clock);
  await t.rejects(objects.configMap('n', 'a'), { message: 'nobody there' });
  t.match(await objects.configMap('n', 'a'), first, 'and nothing is remembered of the failure');
});
