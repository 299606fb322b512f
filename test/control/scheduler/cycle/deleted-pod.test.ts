import t from 'tap';
import { ManualClock } from '../../../store/manual-clock.js';
import { nodeOf, podOf } from '../objects.js';
import { startRig } from '../rig.js';

t.test('Scheduler: a pod that is being deleted gets no node, and that is told', async (t) => {
  const clock = new ManualClock();
  const rig = startRig(clock);
  rig.api.put('nodes', nodeOf('node'));
  const deletionTimestamp = '2026-01-02T03:04:05Z';
  rig.api.put(
    'pods',
    podOf('going', { metadata: { deletionTimestamp, finalizers: ['example.com/hold'] } }),
  );
  rig.api.put('pods', podOf('staying'));
  await clock.advance(1000);
  t.same(rig.events, [
    'Warning FailedScheduling default/going: skip schedule deleting pod: default/going',
    'Normal Scheduled default/staying: Successfully assigned default/staying to node',
  ]);
  await rig.stop();
});
