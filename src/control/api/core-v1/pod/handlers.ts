import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/field-path.js';
import { httpHeaderNameProblems } from '../../../machinery/names.js';
import type {
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  PodOS,
  Probe,
  SleepAction,
} from '../../gen/core-v1.js';
import {
  addProblems,
  checkNonNegative,
  checkPortOrName,
  checkPresent,
  type FieldErrors,
} from '../field-checks.js';
import { checkPortNumber } from './ports.js';
import { stopSignalsLinux, stopSignalsWindows } from './stop-signals.js';

/** What runs a handler, and how long the pod has to end. Undefined when that is wrong itself, which is said elsewhere. */
type GracePeriod = number | undefined;

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> &
  Pick<LifecycleHandler, 'sleep'>;

type HandlerCheck = (handler: Handler, path: FieldPath, errors: FieldErrors) => void;

function handlerChecks(
  gracePeriod: GracePeriod,
): readonly (readonly [keyof Handler, HandlerCheck])[] {
  return [
    [
      'exec',
      ({ exec }, path, errors) => {
        if (!exec?.command?.length) errors.push(required(path.child('command'), ''));
      },
    ],
    [
      'httpGet',
      ({ httpGet }, path, errors) => {
        checkHttpGet(httpGet ?? {}, path, errors);
      },
    ],
    [
      'tcpSocket',
      ({ tcpSocket }, path, errors) => {
        checkPortOrName(tcpSocket?.port, path.child('port'), errors);
      },
    ],
    [
      'grpc',
      ({ grpc }, path, errors) => {
        checkPortNumber(grpc?.port ?? 0, path.child('port'), errors);
      },
    ],
    [
      'sleep',
      ({ sleep }, path, errors) => {
        checkSleep(sleep ?? {}, gracePeriod, path, errors);
      },
    ],
  ];
}

/** Exactly one kind of handler. */
function checkHandler(
  handler: Handler,
  gracePeriod: GracePeriod,
  path: FieldPath,
  errors: FieldErrors,
): void {
  let count = 0;
  for (const [kind, check] of handlerChecks(gracePeriod)) {
    if (handler[kind] === undefined) continue;
    count += 1;
    if (count === 1) check(handler, path.child(kind), errors);
    else {
      const text = 'may not specify more than 1 handler type';
      errors.push(forbiddenField(path.child(kind), text));
    }
  }
  if (count === 0) errors.push(required(path, 'must specify a handler type'));
}

const schemes = ['HTTP', 'HTTPS'];

function checkHttpGet(action: HTTPGetAction, path: FieldPath, errors: FieldErrors): void {
  checkPresent(action.path, path.child('path'), errors);
  checkPortOrName(action.port, path.child('port'), errors);
  if (!schemes.includes(action.scheme ?? '')) {
    errors.push(notSupported(path.child('scheme'), action.scheme ?? '', schemes));
  }
  for (const header of action.httpHeaders ?? []) {
    const name = header.name ?? '';
    addProblems(httpHeaderNameProblems(name), path.child('httpHeaders'), name, errors);
  }
}

function checkSleep(
  sleep: SleepAction,
  gracePeriod: GracePeriod,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seconds = sleep.seconds ?? 0;
  if (gracePeriod === undefined || (seconds >= 0 && seconds <= gracePeriod)) return;
  const text = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
  errors.push(invalidValue(path, seconds, text));
}

/** What runs after a container has started and before it is stopped, and the signal that stops it. */
export function checkLifecycle(
  lifecycle: Lifecycle,
  { gracePeriod, os }: { readonly gracePeriod: GracePeriod; readonly os: PodOS | undefined },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (lifecycle.postStart) {
    checkHandler(lifecycle.postStart, gracePeriod, path.child('postStart'), errors);
  }
  if (lifecycle.preStop) {
    checkHandler(lifecycle.preStop, gracePeriod, path.child('preStop'), errors);
  }
  if (lifecycle.stopSignal !== undefined) {
    checkStopSignal(lifecycle.stopSignal, os, path.child('stopSignal'), errors);
  }
}

function checkStopSignal(
  signal: string,
  os: PodOS | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (os === undefined) {
    const text = 'may not be set for containers with empty `spec.os.name`';
    errors.push(forbiddenField(path, text));
    return;
  }
  if (os.name !== 'windows' && os.name !== 'linux') return;
  const supported = os.name === 'windows' ? stopSignalsWindows : stopSignalsLinux;
  if (!supported.includes(signal)) errors.push(notSupported(path, signal, supported));
}

/** The three probes of a container; only readiness may need several successes, and only the others may end the container. */
export function checkProbes(
  probes: {
    readonly livenessProbe?: Probe;
    readonly readinessProbe?: Probe;
    readonly startupProbe?: Probe;
  },
  gracePeriod: GracePeriod,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkStrictProbe(probes.livenessProbe, gracePeriod, path.child('livenessProbe'), errors);
  const readiness = probes.readinessProbe;
  if (readiness !== undefined) {
    const at = path.child('readinessProbe');
    checkProbe(readiness, gracePeriod, at, errors);
    if (readiness.terminationGracePeriodSeconds !== undefined) {
      const value = readiness.terminationGracePeriodSeconds;
      const text = 'must not be set for readinessProbes';
      errors.push(invalidValue(at.child('terminationGracePeriodSeconds'), value, text));
    }
  }
  checkStrictProbe(probes.startupProbe, gracePeriod, path.child('startupProbe'), errors);
}

function checkStrictProbe(
  probe: Probe | undefined,
  gracePeriod: GracePeriod,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (probe === undefined) return;
  checkProbe(probe, gracePeriod, path, errors);
  if (probe.successThreshold !== 1) {
    errors.push(
      invalidValue(path.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1'),
    );
  }
}

function checkProbe(
  probe: Probe,
  gracePeriod: GracePeriod,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkHandler(probe, gracePeriod, path, errors);
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    checkNonNegative(probe[name], path.child(name), errors);
  }
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined && own <= 0) {
    const text = 'must be greater than 0';
    errors.push(invalidValue(path.child('terminationGracePeriodSeconds'), own, text));
  }
}
