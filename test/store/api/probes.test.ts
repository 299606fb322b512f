import t, { type Test } from 'tap';
import { StoreError } from '../../../src/store/errors.js';
import {
  AlarmAction,
  AlarmType,
  Cluster,
  Maintenance,
} from '../../../src/wire/gen/etcdserverpb.js';
import { serveApi } from './rig.js';

const { Alarm } = Maintenance.methods;
const ok = [200, 'ok\n'];
const readyzNames = ['data_corruption', 'serializable_read', 'linearizable_read', 'non_learner'];

async function probedApi(t: Test) {
  const { rig, endpoint, channel } = await serveApi(t);
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(endpoint + path, init);
    t.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
    return [response.status, await response.text()];
  };
  return { rig, channel, get };
}

t.test('/livez and /readyz, and each check alone, answer ok when all is well', async (t) => {
  const { get } = await probedApi(t);
  const paths = [
    '/livez',
    '/livez/serializable_read',
    '/readyz',
    ...readyzNames.map((name) => `/readyz/${name}`),
  ];
  for (const path of paths) t.strictSame(await get(path), ok, path);
  for (const path of ['/livez/non_learner', '/readyz/', '/readyz/nope']) {
    t.strictSame(await get(path), [404, '404 page not found\n'], path);
  }
  t.strictSame(await get('/readyz', { method: 'POST' }), [405, 'Method Not Allowed\n']);
});

t.test('/readyz?verbose has a line for every check', async (t) => {
  const { get } = await probedApi(t);
  const lines = readyzNames.map((name) => `[+]${name} ok\n`).join('');
  t.strictSame(await get('/readyz?verbose'), [200, `${lines}ok\n`]);
  t.strictSame(await get('/livez?verbose'), [200, '[+]serializable_read ok\nok\n']);
});

t.test('/readyz fails without a quorum, /livez does not', async (t) => {
  const { rig, get } = await probedApi(t);
  rig.failure = new StoreError('timeout');
  const sick = '[-]linearizable_read failed: etcdserver: request timed out\n';
  const report = `[+]data_corruption ok\n[+]serializable_read ok\n${sick}[+]non_learner ok\n`;
  t.strictSame(await get('/readyz'), [503, `${report}\n`], 'with the reason, verbose or not');
  t.strictSame(await get('/readyz/linearizable_read'), [503, `${sick}\n`]);
  t.strictSame(await get('/readyz/serializable_read'), ok);
  t.strictSame(await get('/readyz?exclude=linearizable_read'), ok);
  const [status, text] = await get('/readyz?verbose&exclude=linearizable_read&exclude=non_learner');
  t.equal(status, 200);
  t.match(text, '[+]linearizable_read excluded: ok\n[+]non_learner excluded: ok\nok\n');
  t.strictSame(await get('/livez'), ok);
});

t.test('/readyz tells of an exclusion that matches no check', async (t) => {
  const { get } = await probedApi(t);
  t.strictSame(await get('/livez?verbose&exclude=quorum&exclude='), [
    200,
    '[+]serializable_read ok\n' +
      'warn: some health checks cannot be excluded: no matches for "quorum"\nok\n',
  ]);
});

t.test('/readyz fails while data is corrupt, and not for want of space', async (t) => {
  const { rig, channel, get } = await probedApi(t);
  const raise = (alarm: AlarmType) =>
    channel.unary(Alarm, { action: AlarmAction.ACTIVATE, alarm, memberID: rig.memberId });
  await raise(AlarmType.NOSPACE);
  t.strictSame(await get('/readyz'), ok);
  await raise(AlarmType.CORRUPT);
  t.match(await get('/readyz'), [503, '[-]data_corruption failed: alarm activated: CORRUPT\n']);
  t.strictSame(await get('/livez'), ok);
});

t.test('/readyz fails on a learner', async (t) => {
  const { rig, channel, get } = await probedApi(t);
  const added = await channel.unary(Cluster.methods.MemberAdd, {
    peerURLs: ['http://two:2380'],
    isLearner: true,
  });
  t.strictSame(await get('/readyz/non_learner'), ok, 'another is one');
  Object.defineProperty(rig, 'memberId', { value: added.member!.ID });
  t.strictSame(await get('/readyz/non_learner'), [
    503,
    '[-]non_learner failed: etcdserver: rpc not supported for learner\n\n',
  ]);
  t.strictSame(await get('/livez'), ok);
});
