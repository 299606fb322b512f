import t from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import type {
  ObjectName,
  ServerWrites,
} from '../../../../src/control/apiserver/registry/server-writes.js';
import { noteTokenUses } from '../../../../src/control/apiserver/server/legacy-token-tracking.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';

const secret = { metadata: { namespace: 'n', name: 's', uid: 'u', labels: { a: 'b' } } };

/** Writes that wait until they are let go on. */
function heldWrites() {
  const calls: { name: ObjectName; change(current: KubeObject): KubeObject; end(): void }[] = [];
  const update = (name: ObjectName, change: (current: KubeObject) => KubeObject) =>
    new Promise<void>((resolve) => {
      calls.push({ name, change, end: resolve });
    });
  return { calls, writes: { update } as unknown as ServerWrites };
}

t.test('noteTokenUses writes the labels of the same secret, one write at a time', async (t) => {
  const { calls, writes } = heldWrites();
  const note = noteTokenUses(writes, { logger: silentLogger });
  note(secret, { used: 'today' });
  note(secret, { used: 'today' });
  t.equal(calls.length, 1);
  const [call] = calls;
  t.same(call?.name, {
    resource: { group: '', resource: 'secrets' },
    namespace: 'n',
    name: 's',
  });
  const current = secret as unknown as KubeObject;
  t.same(call?.change(current).metadata.labels, { a: 'b', used: 'today' });
  t.same(secret.metadata.labels, { a: 'b' }, 'what others share is left alone');
  const another = { metadata: { ...secret.metadata, uid: 'v' } } as unknown as KubeObject;
  t.equal(call?.change(another), another, 'a secret that took its name is not meant');
  call?.end();
  await new Promise(setImmediate);
  note(secret, { used: 'tomorrow' });
  t.equal(calls.length, 2);
});
