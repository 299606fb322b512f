import { defined } from '../../../base/assert.js';
import type { ReplicaSet } from '../../api/gen/apps-v1.js';
import { resources } from '../../client/index.js';
import { labelSelectorOf } from '../../machinery/label-selector.js';
import type { ControllerDefinition } from '../controller.js';
import type { ReplicationKind } from './replication.js';
import { ReplicationRunner } from './replication-runner.js';

/** ReplicaSets, as what keeps a number of pods. */
export const replicaSetReplication: ReplicationKind<ReplicaSet> = {
  resource: resources.replicaSets,
  controllerName: 'replicaset-controller',
  queueName: 'replicaset',
  countsTerminating: true,
  read: ({ spec }) => ({
    replicas: spec?.replicas ?? 1,
    minReadySeconds: spec?.minReadySeconds ?? 0,
    selector: labelSelectorOf(spec?.selector),
    template: defined(spec?.template, 'the template of a ReplicaSet'),
  }),
};

const workersFlag = 'concurrent-replicaset-syncs';

/** Keeps as many pods as each ReplicaSet wants. */
export const replicaSetDefinition: ControllerDefinition = {
  name: replicaSetReplication.controllerName,
  alias: 'replicaset',
  isOnByDefault: true,
  flags: [
    {
      name: workersFlag,
      help: 'How many ReplicaSets are worked on at once.',
      kind: 'integer',
      default: 5,
    },
  ],
  create: (parts, flags) =>
    new ReplicationRunner(replicaSetReplication, parts, flags.integer(workersFlag)),
};
