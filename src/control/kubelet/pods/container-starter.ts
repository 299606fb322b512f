import type { Clock } from '../../../base/clock.js';
import { formatGoDuration } from '../../../base/go-duration.js';
import type { NodeFiles } from '../../../host/node-files.js';
import type { Container, Pod, Service } from '../../api/gen/core-v1.js';
import { type EventRecorder, UnreachableError } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import { ContainerConfigError } from '../container/config-error.js';
import { containerConfig } from '../container/container-config.js';
import { containerEnv } from '../container/env.js';
import type { FieldPlace } from '../container/fields.js';
import { ImageError, type ImagePuller } from '../container/image-puller.js';
import { linuxResources } from '../container/linux-resources.js';
import type { PodPaths } from '../container/pod-paths.js';
import { checkNonRoot } from '../container/security.js';
import { serviceEnv } from '../container/service-env.js';
import type { ContainerRuntime, SandboxConfig } from '../runtime/container-runtime.js';
import { RuntimeError } from '../runtime/runtime-error.js';
import type { WaitingReason } from '../status/container-statuses.js';
import type { PreparedVolume } from '../volumes/pod-volumes.js';
import type { ReferencedObjects } from '../volumes/referenced-objects.js';
import type { BackOff } from './back-off.js';
import { ContainerMounts } from './container-mounts.js';
import type { LifecycleHooks } from './lifecycle-hooks.js';
import { newestEnded, newestOf, type ObservedPod } from './observed-pod.js';
import type { PlannedStart } from './plan.js';

/** What containers are started with. */
export interface ContainerStarterParts {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly files: NodeFiles;
  readonly paths: PodPaths;
  readonly events: EventRecorder;
  readonly images: ImagePuller;
  readonly backOff: BackOff;
  readonly objects: Pick<ReferencedObjects, 'configMap' | 'secret'>;
  readonly services: () => Iterable<Service>;
  readonly allocatable: () => Readonly<Record<string, string>>;
  readonly memoryBytes: number;
  readonly hasCpuQuota: boolean;
  readonly hooks: LifecycleHooks;
}

/** The pod that a container is started in. */
export interface StartPlace {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly sandboxId: string;
  readonly sandbox: SandboxConfig;
  readonly place: FieldPlace;
  readonly volumes: ReadonlyMap<string, PreparedVolume>;
  /** Aborted when the pod is to end: nothing more is started then, and nothing is waited for. */
  readonly signal: AbortSignal;
}

/** How a start went: it runs (or ran), or waits for a reason and may be tried again after a time. */
export type StartOutcome =
  | { readonly kind: 'started'; readonly containerId: string }
  | { readonly kind: 'waiting'; readonly why: WaitingReason; readonly retryMs: number };

const retryMs = 10_000;
const postStartMsMax = 86_400_000;

/** A step of a start that failed, with the reason that the container then waits for. */
class StartError extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Starts single containers: image, environment, mounts, then the runtime, then the postStart hook. */
export class ContainerStarter {
  readonly #parts: ContainerStarterParts;
  readonly #mounts: ContainerMounts;

  constructor(parts: ContainerStarterParts) {
    this.#parts = parts;
    this.#mounts = new ContainerMounts(parts);
  }

  /** Resolves however it goes; rejects for bugs alone. */
  async start(planned: PlannedStart, where: StartPlace): Promise<StartOutcome> {
    const waits = this.#inBackOff(planned, where);
    if (waits !== null) return waits;
    const say = this.#sayer(planned, where.pod);
    try {
      const containerId = await this.#startNow(planned, where);
      return { kind: 'started', containerId };
    } catch (error) {
      if (where.signal.aborted) return { kind: 'waiting', why: creating, retryMs };
      const { reason, message, retryAfterMs } = failureOf(error);
      say('Warning', 'Failed', `Error: ${error instanceof ImageError ? reason : message}`);
      return { kind: 'waiting', why: { reason, message }, retryMs: retryAfterMs };
    }
  }

  /** Not null: it ended a short while ago, and must wait. Of one that was killed right now the end before that one counts. */
  #inBackOff({ container }: PlannedStart, { pod, observed }: StartPlace): StartOutcome | null {
    const previous = newestEnded(observed, container.name);
    if (previous === undefined) return null;
    const { backOff, events } = this.#parts;
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    const key = `${uid}_${container.name}`;
    const endedAtMs = previous.finishedAtMs;
    const remainingMs = backOff.remainingMs(key, endedAtMs);
    const full = `${name}_${namespace}(${uid})`;
    if (remainingMs === 0) {
      backOff.next(key, endedAtMs);
      return null;
    }
    const text = `Back-off restarting failed container ${container.name} in pod ${full}`;
    events.event(pod, 'Warning', 'BackOff', text, container.fieldPath);
    const pause = formatGoDuration(backOff.pauseMs(key));
    const message = `back-off ${pause} restarting failed container=${container.name} pod=${full}`;
    return { kind: 'waiting', why: { reason: 'CrashLoopBackOff', message }, retryMs: remainingMs };
  }

  async #startNow(planned: PlannedStart, where: StartPlace): Promise<string> {
    const { runtime, images } = this.#parts;
    const { pod, sandboxId, sandbox } = where;
    const { container } = planned;
    const say = this.#sayer(planned, pod);
    const { image = '', imagePullPolicy } = container.spec;
    const wanted = { image, policy: imagePullPolicy, fieldPath: container.fieldPath };
    const imageRef = await unlessAborted(images.ensure(pod, wanted), where.signal);
    const config = await this.#config(planned, where, imageRef);
    where.signal.throwIfAborted();
    const containerId = await runtime
      .createContainer(sandboxId, config, sandbox)
      .catch((error: unknown) => stepFailed(error, 'CreateContainerError'));
    say('Normal', 'Created', 'Container created');
    await runtime
      .startContainer(containerId)
      .catch((error: unknown) => stepFailed(error, 'RunContainerError'));
    say('Normal', 'Started', 'Container started');
    await this.#postStart(planned, where, containerId);
    return containerId;

    function stepFailed(error: unknown, reason: string): never {
      if (!(error instanceof RuntimeError)) throw error;
      throw new StartError(reason, error.message);
    }
  }

  async #config({ container, attempt }: PlannedStart, where: StartPlace, imageRef: string) {
    const { runtime, objects, allocatable, memoryBytes, hasCpuQuota } = this.#parts;
    const { pod, place, observed } = where;
    const { spec } = container;
    const image = await runtime.imageStatus(imageRef).catch(() => null);
    checkNonRoot(pod, spec, image);
    checkClaims(spec);
    const services = serviceEnv(
      this.#parts.services(),
      pod.metadata.namespace ?? '',
      pod.spec?.enableServiceLinks !== false,
    );
    const facts = { pod, container: spec, place, allocatable: allocatable(), services };
    const env = await containerEnv(facts, objects);
    const mounts = await this.#mounts.of(container, { ...where, attempt, env });
    const target = spec.targetContainerName ?? '';
    return containerConfig({
      ...{ pod, container, attempt, imageRef, env, mounts },
      resources: linuxResources(pod, spec, { memoryBytes, hasCpuQuota }),
      targetContainerId: target === '' ? '' : (newestOf(observed, target)?.id ?? ''),
    });
  }

  async #postStart(planned: PlannedStart, where: StartPlace, containerId: string): Promise<void> {
    const { container } = planned;
    const handler = container.spec.lifecycle?.postStart;
    if (handler === undefined) return;
    const { runtime, hooks } = this.#parts;
    const { ports = [] } = container.spec;
    const host = where.place.podIps[0] ?? '';
    const target = { pod: where.pod, containerId, ports, host };
    const running = hooks.run(handler, target, postStartMsMax);
    const failure = await unlessAborted(running, where.signal);
    if (failure === null) return;
    const say = this.#sayer(planned, where.pod);
    say('Warning', 'FailedPostStartHook', 'PostStartHook failed');
    say('Normal', 'Killing', 'FailedPostStartHook');
    const grace = where.pod.spec?.terminationGracePeriodSeconds ?? 30;
    await runtime.stopContainer(containerId, grace).catch(() => {}); // The next look finds it still running.
    throw new StartError('PostStartHookError', `PostStartHook failed: ${failure}`);
  }

  #sayer({ container }: PlannedStart, pod: Pod) {
    return (type: 'Normal' | 'Warning', reason: string, message: string) =>
      this.#parts.events.event(pod, type, reason, message, container.fieldPath);
  }
}

const creating: WaitingReason = { reason: 'ContainerCreating', message: '' };

/** Rejects with the signal's reason when that comes first; what was waited for goes on. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function failureOf(error: unknown): { reason: string; message: string; retryAfterMs: number } {
  if (error instanceof ImageError) return error;
  if (error instanceof StartError) {
    return { reason: error.reason, message: error.message, retryAfterMs: retryMs };
  }
  const isConfig =
    error instanceof ContainerConfigError ||
    error instanceof StatusError ||
    error instanceof UnreachableError;
  if (isConfig) {
    return { reason: 'CreateContainerConfigError', message: error.message, retryAfterMs: retryMs };
  }
  if (error instanceof RuntimeError || isFileError(error)) {
    return { reason: 'CreateContainerError', message: error.message, retryAfterMs: retryMs };
  }
  throw error;
}

/** Nobody here prepares devices. */
function checkClaims({ resources }: Container): void {
  const [claim] = resources?.claims ?? [];
  if (claim === undefined) return;
  throw new ContainerConfigError(
    `claim ${JSON.stringify(claim.name)}: no driver of devices is registered with this kubelet`,
  );
}

function isFileError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}
