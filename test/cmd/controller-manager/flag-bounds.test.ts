import t from 'tap';
import { controllerInputs, managerFlags } from '../../../src/cmd/controller-manager/flags.js';
import { parseFlags } from '../../../src/cmd/program/flags.js';
import { UsageError } from '../../../src/cmd/usage-error.js';
import { controllerTable } from '../../../src/control/controllers/controller-table.js';
import { flagProblem } from '../../../src/control/controllers/runtime/flag-bounds.js';

const inputsOf = (...argv: string[]) =>
  controllerInputs(
    parseFlags('flotilla controller-manager', managerFlags(), argv),
    controllerTable,
  );

t.test(
  'controllerInputs: what would stop a controller, or have it run in circles, is refused',
  async (t) => {
    const refused: readonly [flag: string, message: string][] = [
      ['--concurrent-gc-syncs=0', 'concurrent-gc-syncs must not be less than 1, but got 0'],
      [
        '--concurrent-deployment-syncs=-5',
        'concurrent-deployment-syncs must not be less than 1, but got -5',
      ],
      ['--max-endpoints-per-slice=0', 'max-endpoints-per-slice must not be less than 1, but got 0'],
      [
        '--max-endpoints-per-slice=1001',
        'max-endpoints-per-slice must not be more than 1000, but got 1001',
      ],
      [
        '--concurrent-service-endpoint-syncs=51',
        'concurrent-service-endpoint-syncs must not be more than 50, but got 51',
      ],
      ['--node-monitor-period=0s', 'node-monitor-period must not be less than 1ms, but got 0ms'],
      [
        '--attach-detach-reconcile-sync-period=999ms',
        'attach-detach-reconcile-sync-period must not be less than 1000ms, but got 999ms',
      ],
      ['--node-eviction-rate=-1', 'node-eviction-rate must not be less than 0, but got -1'],
    ];
    for (const [flag, message] of refused) await t.rejects(inputsOf(flag), new UsageError(message));
    const taken: readonly [flag: string, name: string, value: number][] = [
      ['--terminated-pod-gc-threshold=-1', 'terminated-pod-gc-threshold', -1],
      ['--max-endpoints-per-slice=1000', 'max-endpoints-per-slice', 1000],
      ['--node-eviction-rate=0', 'node-eviction-rate', 0],
      ['--endpointslice-updates-batch-period=0s', 'endpointslice-updates-batch-period', 0],
    ];
    for (const [flag, name, value] of taken) t.equal((await inputsOf(flag)).get(name), value, flag);
  },
);

t.test('flagProblem: no default is out of its own bounds', async (t) => {
  for (const flag of controllerTable.flatMap(({ flags }) => flags)) {
    t.equal(flagProblem(flag, flag.default), null, flag.name);
  }
});
