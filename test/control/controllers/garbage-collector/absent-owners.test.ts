import t from 'tap';
import { AbsentOwners } from '../../../../src/control/controllers/garbage-collector/absent-owners.js';

const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u-1' };

t.test('AbsentOwners knows an owner by all that a reference says', (t) => {
  const absent = new AbsentOwners();
  absent.add('a', owner);
  t.ok(absent.has('a', { ...owner }));
  t.ok(absent.has('a', { ...owner, controller: true }), 'the role says nothing of who it is');
  for (const other of [
    { ...owner, uid: 'u-2' },
    { ...owner, name: 'web2' },
    { ...owner, kind: 'Deployment' },
    { ...owner, apiVersion: 'apps/v2' },
  ]) {
    t.notOk(absent.has('a', other), JSON.stringify(other));
  }
  t.notOk(absent.has('b', owner), 'of another namespace');
  t.end();
});

t.test('AbsentOwners keeps the 500 that were used last', (t) => {
  const absent = new AbsentOwners();
  const numbered = (id: number) => ({ ...owner, uid: `u-${id}` });
  for (let id = 0; id < 500; id++) absent.add('a', numbered(id));
  t.ok(absent.has('a', numbered(0)));
  absent.add('a', numbered(500));
  t.ok(absent.has('a', numbered(0)), 'it was used');
  t.notOk(absent.has('a', numbered(1)), 'the one that was not used for longest is gone');
  t.ok(absent.has('a', numbered(2)));
  t.end();
});
