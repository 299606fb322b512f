import type { FlagKind } from '../program/flags.js';

type Entry = readonly [name: string, kind: FlagKind, value: string, help: string];

const eventBytesMax = String(100 * 1024);
const batchBytesMax = String(10 * 1024 * 1024);

/** What the log and the webhook both have, with kube-apiserver's defaults of each. */
function targetFlags(
  target: 'log' | 'webhook',
  defaults: {
    readonly mode: string;
    readonly batchSize: string;
    readonly wait: string;
    readonly isThrottled: string;
    readonly perSecond: string;
    readonly burst: string;
  },
): readonly Entry[] {
  const name = (rest: string) => `audit-${target}-${rest}`;
  const { mode, batchSize, wait, isThrottled, perSecond, burst } = defaults;
  return [
    [name('mode'), 'string', mode, 'How events go there: batch, blocking or blocking-strict.'],
    [name('batch-buffer-size'), 'number', '10000', 'Events that wait in mode batch.'],
    [name('batch-max-size'), 'number', batchSize, 'Events of a batch.'],
    [name('batch-max-wait'), 'duration', wait, 'After this a batch goes that is not full.'],
    [name('batch-throttle-enable'), 'boolean', isThrottled, 'Bound the batches of a second.'],
    [name('batch-throttle-qps'), 'decimal', perSecond, 'Batches of a second.'],
    [name('batch-throttle-burst'), 'number', burst, 'Batches that may go at once after a pause.'],
    [name('truncate-enabled'), 'boolean', 'false', 'Shorten events that are too large.'],
    [name('truncate-max-event-size'), 'number', eventBytesMax, 'Bytes of an event then.'],
    [name('truncate-max-batch-size'), 'number', batchBytesMax, 'Bytes of a batch then.'],
    [name('version'), 'string', 'audit.k8s.io/v1', 'Version of the events: audit.k8s.io/v1.'],
  ];
}

/** The flags of the audit log. */
export const auditFlags: readonly Entry[] = [
  ['audit-policy-file', 'string', '', 'What the audit log has of which requests (YAML).'],
  ['audit-log-path', 'string', '', 'File of the audit log; - for standard output.'],
  ['audit-log-format', 'string', 'json', 'json or legacy.'],
  ['audit-log-maxage', 'number', '0', 'Days that old audit logs are kept.'],
  ['audit-log-maxbackup', 'number', '0', 'Old audit logs that are kept.'],
  ['audit-log-maxsize', 'number', '0', 'Megabytes after which the audit log is rotated.'],
  ['audit-log-compress', 'boolean', 'false', 'Compress old audit logs with gzip.'],
  ...targetFlags('log', {
    mode: 'blocking',
    batchSize: '1',
    wait: '0s',
    isThrottled: 'false',
    perSecond: '0',
    burst: '0',
  }),
  [
    'audit-webhook-config-file',
    'string',
    '',
    'kubeconfig of a server that is sent the audit log, too.',
  ],
  [
    'audit-webhook-initial-backoff',
    'duration',
    '10s',
    'How long to wait before what it did not take is sent again.',
  ],
  [
    'audit-webhook-batch-initial-backoff',
    'duration',
    '10s',
    'Deprecated: use --audit-webhook-initial-backoff.',
  ],
  ...targetFlags('webhook', {
    mode: 'batch',
    batchSize: '400',
    wait: '30s',
    isThrottled: 'true',
    perSecond: '10',
    burst: '15',
  }),
];
