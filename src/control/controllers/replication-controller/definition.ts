import { defined } from '../../../base/assert.js';
import type { ReplicationController } from '../../api/gen/core-v1.js';
import { resources } from '../../client/index.js';
import { labelSelectorOf, noLabel } from '../../machinery/label-selector.js';
import type { ControllerDefinition } from '../controller.js';
import type { ReplicationKind } from '../replica-set/replication.js';
import { ReplicationRunner } from '../replica-set/replication-runner.js';

/** ReplicationControllers, as what keeps a number of pods: what came before ReplicaSets, with a selector of equal labels alone. */
export const replicationControllerReplication: ReplicationKind<ReplicationController> = {
  resource: resources.replicationControllers,
  controllerName: 'replicationcontroller-controller',
  queueName: 'replicationmanager',
  countsTerminating: false,
  read: ({ spec }) => ({
    replicas: spec?.replicas ?? 1,
    minReadySeconds: spec?.minReadySeconds ?? 0,
    selector:
      Object.keys(spec?.selector ?? {}).length === 0
        ? noLabel
        : labelSelectorOf({ matchLabels: spec?.selector ?? {} }),
    template: defined(spec?.template, 'the template of a ReplicationController'),
  }),
};

const workersFlag = 'concurrent-rc-syncs';

/** Keeps as many pods as each ReplicationController wants. */
export const replicationControllerDefinition: ControllerDefinition = {
  name: replicationControllerReplication.controllerName,
  alias: 'replicationcontroller',
  eventSource: 'replication-controller',
  isOnByDefault: true,
  flags: [
    {
      name: workersFlag,
      help: 'How many ReplicationControllers are worked on at once.',
      kind: 'integer',
      default: 5,
    },
  ],
  create: (parts, flags) =>
    new ReplicationRunner(replicationControllerReplication, parts, flags.integer(workersFlag)),
};
