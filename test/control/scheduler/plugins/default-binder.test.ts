import t from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { CycleState } from '../../../../src/control/scheduler/framework/cycle-state.js';
import { podInfoOf } from '../../../../src/control/scheduler/framework/pod-info.js';
import { nodeOf, podOf } from '../objects.js';
import { kitOf } from './kit.js';

t.test('DefaultBinder: binds the pod that it was asked for, and says why it cannot', async (t) => {
  const pod = podOf('p', { metadata: { name: 'p', uid: 'u1' } });
  const kit = await kitOf(t, { nodes: [nodeOf('n')], objects: { pods: [pod] }, plugins: [] });
  const bind = (of: Pod) =>
    kit.profile.bind(new CycleState(), podInfoOf(of), 'n', new AbortController().signal);
  const other = podOf('p', { metadata: { name: 'p', uid: 'u2' } });
  t.match(await bind(other), { code: 'error', plugin: 'DefaultBinder', reasons: [/UID/] });
  t.equal(await bind(pod), null);
  t.equal(kit.api.objects<Pod>('pods').get('default/p')?.spec?.nodeName, 'n');
  t.match(await bind(pod), { code: 'error', reasons: [/already assigned to node "n"/] });
  t.match(await bind(podOf('gone')), { code: 'error', reasons: [/not found/] });
});
