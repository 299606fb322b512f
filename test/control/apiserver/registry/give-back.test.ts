import t from 'tap';
import { giveBack } from '../../../../src/control/apiserver/registry/give-back.js';
import { badRequest, timeoutError } from '../../../../src/control/machinery/status-errors.js';

for (const [what, error, isFreed] of [
  ['was refused', badRequest('no'), true],
  ['met a bug', new Error('bug'), true],
  ['may have been made', timeoutError('who knows', 0), false],
] as const) {
  t.test(`giveBack ${isFreed ? 'frees' : 'keeps'} what a write had that ${what}`, async (t) => {
    let rollbacks = 0;
    const reservation = {
      commit: async () => {
        t.fail('it is not committed');
      },
      rollback: async () => {
        rollbacks++;
      },
    };
    await giveBack(reservation, error);
    t.equal(rollbacks, isFreed ? 1 : 0);
  });
}
