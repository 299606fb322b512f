import type { SchedulerConfiguration } from '../../control/scheduler/index.js';
import { protocolFlags } from '../program/api-protocol.js';
import { ignoredFlags, programFlags, usedFlags } from '../program/flag-rows.js';
import { type Flag, ParsedFlags } from '../program/flags.js';
import { leaderFlags } from '../program/leader-flags.js';
import { storeFlags } from '../program/store-flags.js';

/** What kube-scheduler calls itself in its Lease. */
export const schedulerName = 'kube-scheduler';

const securePort = 10_259;

/** All flags of `flotilla scheduler`: kube-scheduler's, those of the store, and how requests are carried. */
export const schedulerFlags: readonly Flag[] = [
  ...usedFlags([
    [
      'config',
      'string',
      '',
      'A KubeSchedulerConfiguration file (kubescheduler.config.k8s.io/v1): profiles, plugins, their arguments.',
    ],
    ['bindings-max', 'number', '100', 'Bindings sent to the API server at a time.'],
  ]),
  ...protocolFlags,
  ...programFlags({ securePort }),
  ...leaderFlags(schedulerName),
  ...storeFlags,
  ...ignoredFlags({
    'pods that nothing has helped are tried again after five minutes': {
      'pod-max-in-unschedulable-pods-duration': 'duration',
    },
    'the configuration is served under /configz': { 'write-config-to': 'string' },
  }),
];

/** The flags with what the configuration file says where they were not given, as kube-scheduler combines the two. */
export function withConfiguration(
  flags: ParsedFlags,
  { leaderElection, clientConnection }: SchedulerConfiguration,
): ParsedFlags {
  const { qps, burst, kubeconfig } = clientConnection;
  const said: Readonly<Record<string, string | number | boolean | undefined>> = {
    'leader-elect': leaderElection.leaderElect,
    'leader-elect-lease-duration': leaderElection.leaseDuration,
    'leader-elect-renew-deadline': leaderElection.renewDeadline,
    'leader-elect-retry-period': leaderElection.retryPeriod,
    'leader-elect-resource-lock': leaderElection.resourceLock,
    'leader-elect-resource-name': leaderElection.resourceName,
    'leader-elect-resource-namespace': leaderElection.resourceNamespace,
    kubeconfig,
    // Less than nothing is no limit.
    'kube-api-qps': qps === undefined ? undefined : Math.max(0, qps),
    'kube-api-burst': burst,
  };
  const values = new Map(
    schedulerFlags.map(({ name }) => {
      const value = flags.given.has(name) ? undefined : said[name];
      return [name, value === undefined ? flags.text(name) : String(value)];
    }),
  );
  const occurrences = new Map([...flags.given].map((name) => [name, flags.occurrences(name)]));
  return new ParsedFlags(values, occurrences);
}
